//! libFuzzer on the target that the variable STAVE_FUZZ names. `cargo xtask fuzz` builds and runs it.
//!
//! One program for all targets: fifty would be linked with all of Stave each.
#![no_main]

use std::sync::OnceLock;

use stave_fuzz::Target;

static TARGET: OnceLock<Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let target = TARGET.get_or_init(|| {
        let name = std::env::var("STAVE_FUZZ").unwrap_or_default();
        stave_fuzz::target(&name).unwrap_or_else(|| panic!("STAVE_FUZZ={name} is no target"))
    });
    target(bytes);
});
