//! XML to a tree of elements. Entities other than the five built-in ones are left out, so nothing expands.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::tree::ParseError;
use crate::limits;

/// An element with its own text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// Without namespace prefix.
    pub(crate) name: String,
    /// From 1.
    pub(crate) line: u32,
    pub(crate) text: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// The first child of a name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The trimmed text of the first child of a name, unless empty.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim()).filter(|text| !text.is_empty())
    }

    /// Children of a child: `all("modules", "module")`.
    pub(crate) fn all<'a>(&'a self, outer: &'a str, inner: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children
            .iter()
            .filter(move |child| child.name == outer)
            .flat_map(|child| &child.children)
            .filter(move |child| child.name == inner)
    }

    /// An attribute, whatever the case of its name.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Every element below this one, in document order.
    pub(crate) fn descendants(&self) -> Vec<&Element> {
        let mut out = Vec::new();
        let mut stack: Vec<&Element> = self.children.iter().rev().collect();
        while let Some(element) = stack.pop() {
            out.push(element);
            stack.extend(element.children.iter().rev());
        }
        out
    }
}

/// The root element of an XML text.
///
/// # Errors
/// Where the text is not XML, or over the limits of depth or elements.
pub(crate) fn parse_xml(text: &str) -> Result<Element, ParseError> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut stack: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    let (mut counted_to, mut line, mut elements) = (0usize, 1u32, 0usize);
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(text.len());
        let newlines = text.as_bytes()[counted_to..at].iter().filter(|byte| **byte == b'\n').count();
        line += u32::try_from(newlines).unwrap_or(0);
        counted_to = at;
        let event =
            reader.read_event().map_err(|error| ParseError::new(line, format!("not valid XML: {error}")))?;
        match event {
            Event::Start(start) => {
                elements += 1;
                if stack.len() >= limits::DOCUMENT_DEPTH || elements > limits::DOCUMENT_NODES {
                    return Err(ParseError::new(line, "too deep or too large an XML document"));
                }
                stack.push(element(&start, line));
            }
            Event::Empty(start) => {
                elements += 1;
                if elements > limits::DOCUMENT_NODES {
                    return Err(ParseError::new(line, "too large an XML document"));
                }
                close(&mut stack, &mut root, element(&start, line));
            }
            Event::End(_) => {
                if let Some(done) = stack.pop() {
                    close(&mut stack, &mut root, done);
                }
            }
            Event::Text(part) => {
                if let Some(open) = stack.last_mut() {
                    open.text.push_str(&part);
                }
            }
            Event::CData(part) => {
                if let Some(open) = stack.last_mut() {
                    open.text.push_str(&part);
                }
            }
            Event::GeneralRef(part) => {
                if let Some(open) = stack.last_mut() {
                    open.text.push_str(match &*part {
                        "amp" => "&",
                        "lt" => "<",
                        "gt" => ">",
                        "quot" => "\"",
                        "apos" => "'",
                        _ => "",
                    });
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if !stack.is_empty() {
        return Err(ParseError::new(line, "not valid XML: it ends too early"));
    }
    root.ok_or_else(|| ParseError::new(1, "not valid XML: there is no element"))
}

fn element(start: &BytesStart<'_>, line: u32) -> Element {
    let local = |name: &str| name.rsplit(':').next().unwrap_or(name).to_owned();
    Element {
        name: local(start.name().as_ref()),
        line,
        text: String::new(),
        attributes: start
            .attributes()
            .with_checks(false)
            .filter_map(Result::ok)
            .map(|attribute| (local(attribute.key.as_ref()), attribute.value.as_ref().to_owned()))
            .collect(),
        children: Vec::new(),
    }
}

fn close(stack: &mut [Element], root: &mut Option<Element>, done: Element) {
    match stack.last_mut() {
        Some(parent) => parent.children.push(done),
        None if root.is_none() => *root = Some(done),
        None => {}
    }
}
