//! A reader of our own pages that is strict enough to find what would break them: every tag is closed, every
//! attribute quoted, and everything can be asked for by name.

/// An element, or the text between elements.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) tag: String,
    pub(crate) attributes: Vec<(String, String)>,
    /// Text inside, that of elements within it included.
    pub(crate) text: String,
    /// Tags around it, from the outside in.
    pub(crate) inside: Vec<String>,
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

const VOID: &[&str] = &["meta", "link", "input", "br", "hr", "img", "col"];

/// All elements of a page, in the order of their start. Panics with the place where the page is malformed.
pub(crate) fn elements(page: &str) -> Vec<Element> {
    let mut rest = page.strip_prefix("<!DOCTYPE html>").expect("a page begins with its type");
    let mut found: Vec<Element> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    while !rest.is_empty() {
        let Some(tag) = rest.strip_prefix('<') else {
            let end = rest.find('<').unwrap_or(rest.len());
            let text = unescaped(&rest[..end]);
            for index in &open {
                found[*index].text.push_str(&text);
            }
            rest = &rest[end..];
            continue;
        };
        if let Some(close) = tag.strip_prefix('/') {
            let end = close.find('>').expect("a closing tag ends");
            let last = open.pop().expect("something is open");
            assert_eq!(
                found[last].tag,
                close[..end],
                "closed in another order near {}",
                &rest[..rest.len().min(80)]
            );
            rest = &close[end + 1..];
            continue;
        }
        let (element, behind) = start_tag(tag, &open, &found);
        let void = VOID.contains(&element.tag.as_str());
        found.push(element);
        if !void {
            open.push(found.len() - 1);
        }
        rest = behind;
    }
    assert!(
        open.is_empty(),
        "left open: {:?}",
        open.iter().map(|index| &found[*index].tag).collect::<Vec<_>>()
    );
    found
}

fn start_tag<'p>(tag: &'p str, open: &[usize], found: &[Element]) -> (Element, &'p str) {
    let name_end = tag.find([' ', '>']).expect("a tag ends");
    let name = &tag[..name_end];
    assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "<{name} is no tag");
    let mut attributes: Vec<(String, String)> = Vec::new();
    let mut rest = &tag[name_end..];
    loop {
        rest = rest.trim_start_matches(' ');
        if let Some(behind) = rest.strip_prefix('>') {
            let inside = open.iter().map(|index| found[*index].tag.clone()).collect();
            let element = Element { tag: name.to_owned(), attributes, text: String::new(), inside };
            return (element, behind);
        }
        let end = rest.find(['=', ' ', '>']).expect("an attribute ends");
        let attribute = rest[..end].to_owned();
        assert!(
            attribute.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'),
            "{attribute} is no attribute of <{name}"
        );
        rest = &rest[end..];
        let mut value = String::new();
        if let Some(quoted) = rest.strip_prefix("=\"") {
            let close = quoted.find('"').expect("a value ends");
            value = unescaped(&quoted[..close]);
            rest = &quoted[close + 1..];
        } else {
            assert!(!rest.starts_with('='), "the value of {attribute} has no quotes");
        }
        assert!(attributes.iter().all(|(known, _)| *known != attribute), "{attribute} twice in <{name}");
        attributes.push((attribute, value));
    }
}

fn unescaped(text: &str) -> String {
    assert!(!text.contains('>') || text.contains("&gt;") || !text.contains('<'), "raw angle in {text}");
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}
