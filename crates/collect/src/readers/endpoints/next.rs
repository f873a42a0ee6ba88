//! Next.js: files whose place is their path, `app/orders/[id]/route.ts` and `pages/api/orders.ts`.

use crate::parse::Code;

use super::path::METHODS;
use super::ruby::Route;

/// The path that a file's place gives it, and whether its exports name the methods.
pub(super) fn place(path: &str) -> Option<(String, bool)> {
    let (front, end) = path.rsplit_once('.')?;
    if !matches!(end, "ts" | "js" | "tsx" | "mjs") {
        return None;
    }
    let parts: Vec<&str> = front.split('/').collect();
    let (name, folders) = parts.split_last()?;
    if *name == "route" {
        let app = folders.iter().position(|part| *part == "app")?;
        return Some((joined(&folders[app + 1..])?, true));
    }
    let api = folders.windows(2).position(|pair| pair == ["pages", "api"])?;
    let behind = &parts[api + 1..];
    let behind = if *name == "index" { &behind[..behind.len() - 1] } else { behind };
    Some((joined(behind)?, false))
}

fn joined(parts: &[&str]) -> Option<String> {
    let mut out = String::new();
    for part in parts {
        // Groups and slots name no part of the path; folders that begin with a line are nobody's.
        if part.starts_with(['(', '@']) {
            continue;
        }
        if part.starts_with('_') {
            return None;
        }
        out.push('/');
        match part.trim_start_matches('[').strip_suffix(']').filter(|_| part.starts_with('[')) {
            Some(name) => {
                let name = name.trim_end_matches(']').trim_start_matches('.');
                out.push_str(&format!("{{{name}}}"));
            }
            None => out.push_str(part),
        }
    }
    Some(if out.is_empty() { "/".to_owned() } else { out })
}

/// The routes of such a file.
pub(super) fn read(place: (String, bool), code: &Code<'_>) -> Option<Vec<Route>> {
    let (path, by_method) = place;
    let mut routes: Vec<Route> = Vec::new();
    for at in code.positions("export") {
        if !by_method {
            if code.is_word(at + 1, "default") {
                routes.push((None, path.clone(), code.line(at)));
            }
            continue;
        }
        let name = (at + 1..at + 4)
            .filter_map(|at| code.word(at))
            .find(|word| !matches!(*word, "async" | "function" | "const" | "let"));
        let method = METHODS.iter().copied().find(|method| name == Some(*method));
        if method.is_some() {
            routes.push((method, path.clone(), code.line(at)));
        } else if code.is_sign(at + 1, '{') {
            // `export { handler as GET, handler as POST }`
            let names = (at + 1..code.closing(at + 1)).filter_map(|at| code.word(at));
            let found: Vec<&'static str> =
                names.filter_map(|word| METHODS.iter().copied().find(|method| *method == word)).collect();
            routes.extend(found.into_iter().map(|method| (Some(method), path.clone(), code.line(at))));
        }
    }
    (!routes.is_empty()).then_some(routes)
}
