//! What people type, asked of a small map (crates/answers, crates/map).

use std::cell::OnceCell;

use stave_answers::speech::{Speech, meant, parse};
use stave_answers::text::tame;
use stave_answers::{Estate, People, find, when};
use stave_ledger::{Ledger as _, MemoryLedger};
use stave_map::{CutOff, ReadModel};
use stave_model::Time;

use crate::estate;

/// The estate that is asked: some pieces with names of all kinds.
const SAID: &str = r#"[{"v":1,"author":"collector:compose","scope":"repo:code.test/shop@main","time":"2026-01-02T03:04:05.678Z","op":"0123456789abcdef0123456789abcdef","claims":"0000000000000000000000000000000000000000000000000000000000000000"},{"type":"exists","of":"compose:shop/web","value":"component","basis":"declared"},{"type":"name","of":"compose:shop/web","value":"Café Web","basis":"declared"},{"type":"exists","of":"compose:shop/orders","value":"component","basis":"declared"},{"type":"depends_on","of":"compose:shop/web","to":"compose:shop/orders","basis":"declared"},{"type":"endpoint","of":"compose:shop/orders","to":"GET /orders/{id}","basis":"declared"}]"#;

const NOW_MS: i64 = 1_800_000_000_000;

struct Asked {
    ledger: MemoryLedger,
    model: ReadModel,
    people: People,
}

impl Asked {
    fn new() -> Asked {
        let mut ledger = estate::empty();
        let taken = ledger.append(&estate::statements_in(SAID.as_bytes())).expect("a statement");
        assert_eq!(taken.len(), 1);
        let mut model = ReadModel::in_memory().expect("a read model");
        model.catch_up(&ledger, CutOff::Live(Time::from_millis(NOW_MS))).expect("a map");
        Asked { ledger, model, people: People::default() }
    }

    fn estate(&self) -> Estate<'_> {
        Estate {
            model: &self.model,
            ledger: &self.ledger,
            people: &self.people,
            now: Time::from_millis(NOW_MS),
        }
    }
}

thread_local! {
    static ASKED: OnceCell<Asked> = const { OnceCell::new() };
}

/// Words as they are typed behind `say` and `find`, as names, and as times.
pub(crate) fn words(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let shown = tame(text);
    assert!(!shown.contains(char::is_control), "{shown:?}");
    assert_eq!(tame(&shown), shown, "what is tame stays as it is");
    let _ = (when::age_ms(text), when::since(text, Time::from_millis(NOW_MS)), when::day_begins(text));
    let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    for is_new in [false, true] {
        match parse(&words, is_new) {
            Ok(Speech::Fact { entity, rest, .. }) => {
                assert!(rest.iter().all(|word| words.contains(word)) && text.starts_with(&entity));
            }
            Ok(Speech::Entity { .. } | Speech::Name(_)) => {}
            Err(refusal) => assert!(!refusal.to_string().is_empty()),
        }
    }
    ASKED.with(|asked| {
        let asked = asked.get_or_init(Asked::new);
        find(asked.estate(), text, 20).expect("a map can be asked for any words");
        meant(asked.estate(), text).expect("and for any name");
    });
}
