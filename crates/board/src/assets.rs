//! The files that pages load. They are part of the binary; a page is whole without them.

/// A file that pages load.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Its path: `/static/stave.css`.
    pub path: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// Its content.
    pub text: &'static str,
}

const ASSETS: &[Asset] = &[
    Asset {
        path: "/static/stave.css",
        media_type: "text/css; charset=utf-8",
        text: include_str!("assets/stave.css"),
    },
    Asset {
        path: "/static/stave.js",
        media_type: "text/javascript; charset=utf-8",
        text: include_str!("assets/stave.js"),
    },
    Asset { path: "/static/stave.svg", media_type: "image/svg+xml", text: include_str!("assets/stave.svg") },
];

/// All files that pages load.
pub fn assets() -> &'static [Asset] {
    ASSETS
}

/// The file with this path.
pub fn asset(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}
