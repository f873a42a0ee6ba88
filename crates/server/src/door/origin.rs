//! Whether a request was made by one of our own pages. What a browser sends along by itself (cookies) proves
//! nothing about who wanted the request; these headers, which no page can set, do.

use axum::http::{HeaderMap, header};

/// Why a request by cookie may not change anything.
pub(crate) type Foreign = &'static str;

/// Whether one of our own pages asks. `Sec-Fetch-Site` and `Origin` must both be right where both are there;
/// where neither is, nobody vouches for the request and it is refused.
///
/// # Errors
/// What is wrong.
pub(crate) fn same_origin(headers: &HeaderMap) -> Result<(), Foreign> {
    let site = one(headers, "sec-fetch-site")?;
    let origin = one(headers, header::ORIGIN.as_str())?;
    if site.is_none() && origin.is_none() {
        return Err("This request does not say which page it comes from (no Origin, no Sec-Fetch-Site).");
    }
    if site.is_some_and(|site| site != "same-origin") {
        return Err("This request comes from another site.");
    }
    let Some(origin) = origin else { return Ok(()) };
    let host = one(headers, header::HOST.as_str())?.unwrap_or_default();
    let from = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")).unwrap_or_default();
    if from.is_empty() || !from.eq_ignore_ascii_case(host) {
        return Err("This request comes from another origin.");
    }
    Ok(())
}

/// A header that may be there once.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Foreign> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err("A header that says where this request comes from is there twice.");
    }
    value.to_str().map(Some).map_err(|_| "A header that says where this request comes from is not readable.")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn verdict(headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        map.insert("host", HeaderValue::from_static("127.0.0.1:7878"));
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        same_origin(&map).is_ok()
    }

    #[test]
    fn only_our_own_pages_pass() {
        let here = "http://127.0.0.1:7878";
        for fine in [
            vec![("origin", here)],
            vec![("sec-fetch-site", "same-origin")],
            vec![("origin", here), ("sec-fetch-site", "same-origin")],
        ] {
            assert!(verdict(&fine), "{fine:?}");
        }
        for foreign in [
            vec![],
            vec![("origin", "null")],
            vec![("origin", "null"), ("sec-fetch-site", "same-origin")],
            vec![("origin", "http://127.0.0.1:7879")],
            vec![("origin", "http://localhost:7878")],
            vec![("origin", "http://127.0.0.1")],
            vec![("origin", "ftp://127.0.0.1:7878")],
            vec![("origin", "")],
            vec![("origin", here), ("sec-fetch-site", "same-site")],
            vec![("origin", here), ("sec-fetch-site", "cross-site")],
            vec![("sec-fetch-site", "none")],
            vec![("sec-fetch-site", "same-site")],
            vec![("origin", here), ("origin", "http://evil.example.com")],
            vec![("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
        ] {
            assert!(!verdict(&foreign), "{foreign:?}");
        }
    }
}
