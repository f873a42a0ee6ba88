//! Aspire app hosts: a C# program that lists a system's services and what each refers to. It is read as the
//! manifest that it is used as, by the usual forms of its statements; other C# is not read.

use std::collections::BTreeMap;

use crate::link::{Form, Origin, Sketch, Target, parent};
use crate::products;

use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "aspire";

/// One call: `.Name<Generic>(arguments)`.
#[derive(Clone, Debug)]
struct Call {
    name: String,
    generic: String,
    arguments: String,
    line: u32,
}

/// One statement: the variable that it sets, what it starts from, its calls.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    variable: Option<String>,
    receiver: String,
    calls: Vec<Call>,
}

/// The reader of app hosts.
pub(crate) struct Aspire;

impl Reader for Aspire {
    type Facts = Vec<Statement>;
    const NAME: &'static str = NAME;
    const TRIGGERS: &'static [&'static str] = &["DistributedApplication.CreateBuilder"];

    fn wants(_path: &str, name: &str) -> bool {
        matches!(name, "program.cs" | "apphost.cs")
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Vec<Statement>> {
        Ok(Some(statements(file.text)))
    }

    fn link(facts: Vec<(String, Vec<Statement>)>, sketch: &mut Sketch<'_>) {
        for (path, statements) in facts {
            link_host(sketch, &path, &statements);
        }
    }
}

/// Source without comments, with the line of each statement; cut at `;`, `{` and `}` outside of brackets.
fn statements(text: &str) -> Vec<Statement> {
    let mut out = Vec::new();
    let (mut depth, mut line, mut first) = (0usize, 1u32, 1u32);
    let mut current = String::new();
    let mut chars = text.chars().peekable();
    let (mut in_text, mut is_begun) = (false, false);
    let mut previous = ' ';
    while let Some(c) = chars.next() {
        if c == '\n' {
            line += 1;
        }
        if in_text {
            in_text = !(c == '"' && previous != '\\');
            previous = if previous == '\\' && c == '\\' { ' ' } else { c };
            current.push(c);
            continue;
        }
        match c {
            '/' if chars.peek() == Some(&'/') => {
                while chars.peek().is_some_and(|next| *next != '\n') {
                    chars.next();
                }
                continue;
            }
            '"' => in_text = true,
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ';' | '{' | '}' if depth == 0 => {
                out.extend(statement(&current, first));
                current.clear();
                is_begun = false;
                first = line;
                previous = c;
                continue;
            }
            _ => {}
        }
        if !is_begun {
            first = line;
        }
        is_begun |= !c.is_whitespace();
        previous = c;
        if is_begun && current.len() < crate::limits::VALUE_BYTES {
            current.push(c);
        }
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn statement(text: &str, first_line: u32) -> Option<Statement> {
    let start = text.len() - text.trim_start().len();
    let body = text.trim_start();
    let equals = body.find('=').filter(|at| !body[..*at].contains(['(', '"', '<', '.']));
    let (variable, offset) = match equals {
        Some(at) if !body[at + 1..].starts_with('=') => {
            (body[..at].split_whitespace().last().map(str::to_owned), at + 1)
        }
        _ => (None, 0),
    };
    let chain = &body[offset..];
    let receiver: String = chain.trim_start().chars().take_while(|c| is_word(*c)).collect();
    let mut calls = Vec::new();
    let mut at = chain.find(&receiver)? + receiver.len();
    while let Some(dot) = chain[at..].find('.') {
        let name_at = at + dot + 1;
        let name: String = chain[name_at..].chars().take_while(|c| is_word(*c)).collect();
        let mut rest = name_at + name.len();
        let mut generic = String::new();
        if chain[rest..].starts_with('<') {
            let end = chain[rest..].find('>')?;
            chain[rest + 1..rest + end].clone_into(&mut generic);
            rest += end + 1;
        }
        if chain[rest..].starts_with('(') {
            let end = rest + closing(&chain[rest..])?;
            let line = first_line
                + u32::try_from(text[start..start + offset + name_at].matches('\n').count()).unwrap_or(0);
            calls.push(Call { name, generic, arguments: chain[rest + 1..end].to_owned(), line });
            at = end;
        } else {
            at = rest;
        }
    }
    (!receiver.is_empty() && !calls.is_empty()).then_some(Statement { variable, receiver, calls })
}

/// The position of the bracket that closes the one at the start.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut in_text) = (0usize, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => in_text = !in_text,
            '(' if !in_text => depth += 1,
            ')' if !in_text => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn first_text(arguments: &str) -> Option<&str> {
    let after = arguments.split_once('"')?.1;
    after.split_once('"').map(|(text, _)| text)
}

/// Words outside of quotes.
fn identifiers(arguments: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (index, part) in arguments.split('"').enumerate() {
        if index % 2 == 0 {
            out.extend(part.split(|c| !is_word(c)).filter(|word| !word.is_empty()).map(str::to_owned));
        }
    }
    out
}

/// The product that `AddX` adds.
fn product_of(method: &str) -> Option<&'static products::Product> {
    let name = method.strip_prefix("Add")?.to_ascii_lowercase();
    let name = name.trim_start_matches("azure");
    let name = match name {
        "sqlserver" | "sql" => "mssql",
        "postgresflexibleserver" => "postgres",
        "garnet" => "redis",
        "milvus" => "qdrant",
        "storage" | "blobs" => "minio",
        "servicebus" | "eventhubs" => "servicebus",
        "yarp" => "haproxy",
        "mongo" => "mongodb",
        other => other,
    };
    products::by_product_name(name)
}

fn link_host(sketch: &mut Sketch<'_>, path: &str, statements: &[Statement]) {
    let folder = parent(path).to_owned();
    let mut variables: BTreeMap<String, usize> = BTreeMap::new();
    // Two rounds: a statement may refer to a variable that a later one sets only in loops, but chains refer back.
    for statement in statements {
        let mut current = variables.get(&statement.receiver).copied();
        for call in &statement.calls {
            if let Some(piece) = added(sketch, path, &folder, call, current) {
                current = Some(piece);
            } else if let Some(from) = current {
                refer(sketch, path, from, call, &variables);
            }
        }
        // `var end = api.GetEndpoint(…)` stands for the service.
        if let (Some(variable), Some(piece)) = (&statement.variable, current) {
            variables.insert(variable.clone(), piece);
        }
    }
}

fn added(
    sketch: &mut Sketch<'_>,
    path: &str,
    folder: &str,
    call: &Call,
    parent_piece: Option<usize>,
) -> Option<usize> {
    let is_add = call.name.starts_with("Add") && call.name.len() > 3;
    let name = first_text(&call.arguments).filter(|_| is_add)?;
    let product = product_of(&call.name);
    let is_database = call.name == "AddDatabase" && parent_piece.is_some();
    let is_program = matches!(
        call.name.as_str(),
        "AddProject"
            | "AddContainer"
            | "AddNpmApp"
            | "AddNodeApp"
            | "AddViteApp"
            | "AddPythonApp"
            | "AddUvicornApp"
            | "AddDockerfile"
            | "AddExecutable"
            | "AddGolangApp"
            | "AddJavaApp"
            | "AddSpringApp"
            | "AddExternalService"
            | "AddJavaScriptApp"
    );
    if !is_program && !is_database && product.is_none() {
        return None;
    }
    let piece = sketch.piece(NAME, Form::Deployed, folder, "aspire", name, (path.to_owned(), call.line))?;
    sketch.pieces[piece].stack = Some(format!("aspire {folder}"));
    sketch.pieces[piece].product = product;
    if is_database {
        sketch.pieces[piece].typ = Some("database".to_owned());
        // Databases are shown, not the server that holds them all: it is a part of none.
        if let Some(server) = parent_piece {
            let target = Target::Name { name: sketch.pieces[server].name.to_lowercase(), starts: false };
            sketch.mention(
                NAME,
                Origin::Piece(piece),
                target,
                Some("runs_on"),
                (path.to_owned(), call.line),
                None,
            );
        }
    }
    if call.name == "AddProject" {
        let project = call.generic.rsplit('.').next().unwrap_or("").to_owned();
        let home = sketch
            .pieces
            .iter()
            .find(|other| other.reader == "dotnet" && other.name.replace(['.', '-'], "_") == project);
        let home = home.and_then(|other| other.home.clone());
        sketch.pieces[piece].builds = home.is_some();
        sketch.pieces[piece].home = home;
    } else if call.name == "AddContainer" {
        if let Some(image) = call.arguments.split('"').nth(3) {
            sketch.set_image(piece, image);
        }
    } else if is_program {
        let context = call
            .arguments
            .split('"')
            .nth(3)
            .and_then(|text| super::compose::resolve(folder, &text.replace('\\', "/")));
        sketch.pieces[piece].builds = context.is_some();
        sketch.pieces[piece].home = context;
    }
    Some(piece)
}

fn refer(sketch: &mut Sketch<'_>, path: &str, from: usize, call: &Call, variables: &BTreeMap<String, usize>) {
    if call.name.contains("Parent") || call.name.starts_with("Get") || call.name.contains("Relationship") {
        return;
    }
    let starts = call.name.starts_with("WaitFor");
    for word in identifiers(&call.arguments) {
        let Some(to) = variables.get(&word).copied().filter(|to| *to != from) else { continue };
        let target = Target::Name { name: sketch.pieces[to].name.to_lowercase(), starts };
        sketch.mention(NAME, Origin::Piece(from), target, None, (path.to_owned(), call.line), None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_took_time_by_their_square() {
        // Each sign looked through all blanks before it: some ten thousand million steps.
        let found = statements(&format!("{}a.B();", " \n".repeat(500_000)));
        assert_eq!(found.first().map(|statement| statement.calls[0].line), Some(500_001));
    }

    #[test]
    fn statements_are_taken_apart() {
        let found = statements(
            "var builder = DistributedApplication.CreateBuilder(args);\n// x\nvar db = builder.AddPostgres(\"pg\")\n  .AddDatabase(\"orders;db\");\nbuilder.AddProject<Projects.Api>(\"api\")\n  .WithReference(db).WaitFor(db);\n",
        );
        assert_eq!(found.len(), 3);
        assert_eq!(found[1].variable.as_deref(), Some("db"));
        let names: Vec<(&str, u32)> =
            found[1].calls.iter().map(|call| (call.name.as_str(), call.line)).collect();
        assert_eq!(names, [("AddPostgres", 3), ("AddDatabase", 4)]);
        assert_eq!(found[2].calls[0].generic, "Projects.Api");
        assert_eq!(found[2].calls[2].name, "WaitFor");
    }
}
