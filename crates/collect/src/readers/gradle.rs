//! Gradle build files, read line by line: they are programs, of which only the usual forms are understood.

use std::collections::BTreeMap;

use crate::link::{Form, Origin, Runs, Sketch, Target, base_name, parent};

use super::{ReadResult, Reader, SourceFile, java};

const NAME: &str = "gradle";

/// One build or settings file.
pub(crate) struct GradleFile {
    is_settings: bool,
    root_name: Option<String>,
    plugins: Vec<String>,
    /// (group, artifact, line, project block that it stands in); [`EVERY`]: the block for all projects below.
    dependencies: Vec<(String, String, u32, Option<String>)>,
    /// (project of the same build that is needed, line, project block)
    projects: Vec<(String, u32, Option<String>)>,
    includes: Vec<String>,
    has_blocks: bool,
}

/// The name of the block for all projects. No project is called so.
const EVERY: &str = "*";

/// The reader of Gradle files.
pub(crate) struct Gradle;

impl Reader for Gradle {
    type Facts = GradleFile;
    const NAME: &'static str = NAME;
    const RULES: u32 = 2;

    fn wants(_path: &str, name: &str) -> bool {
        matches!(name, "build.gradle" | "build.gradle.kts" | "settings.gradle" | "settings.gradle.kts")
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<GradleFile> {
        Ok(Some(read_gradle(file.text, file.name().starts_with("settings"))))
    }

    fn link(facts: Vec<(String, GradleFile)>, sketch: &mut Sketch<'_>) {
        link_gradle(&facts, sketch);
    }
}

/// Texts between quotes on a line.
fn quoted(line: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find(['"', '\'']) {
        let quote = if rest.as_bytes()[at] == b'"' { '"' } else { '\'' };
        let after = &rest[at + 1..];
        let Some(end) = after.find(quote) else { break };
        out.push(&after[..end]);
        rest = &after[end + 1..];
    }
    out
}

const CONFIGURATIONS: &[&str] = &[
    "implementation",
    "compile",
    "api",
    "runtime",
    "runtimeOnly",
    "compileOnly",
    "providedRuntime",
    "annotationProcessor",
];

fn read_gradle(text: &str, is_settings: bool) -> GradleFile {
    let mut file = GradleFile {
        is_settings,
        root_name: None,
        plugins: Vec::new(),
        dependencies: Vec::new(),
        projects: Vec::new(),
        includes: Vec::new(),
        has_blocks: false,
    };
    let mut depth = 0i32;
    let mut block: Option<(String, i32)> = None;
    for (index, line) in text.lines().enumerate() {
        let number = u32::try_from(index).unwrap_or(u32::MAX - 1) + 1;
        let line = line.trim();
        if line.starts_with("//") || line.len() > crate::limits::LINE_BYTES {
            continue;
        }
        let texts = quoted(line);
        if line.starts_with("project(") && line.ends_with('{') {
            block = texts.first().map(|name| (name.trim_start_matches(':').to_owned(), depth));
            file.has_blocks = true;
        } else if line.starts_with("subprojects") || line.starts_with("allprojects") {
            block = line.ends_with('{').then(|| (EVERY.to_owned(), depth));
            file.has_blocks = true;
        }
        depth += i32::try_from(line.matches('{').count()).unwrap_or(0)
            - i32::try_from(line.matches('}').count()).unwrap_or(0);
        if block.as_ref().is_some_and(|(_, start)| depth <= *start) {
            block = None;
        }
        let word = line.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
        if line.contains("rootProject.name") {
            file.root_name = texts.first().map(|text| (*text).to_owned());
        }
        if word == "include" && is_settings {
            file.includes.extend(texts.iter().map(|text| text.trim_start_matches(':').replace(':', "/")));
        }
        if line.contains("plugin") || word == "id" {
            file.plugins.extend(texts.iter().map(|text| (*text).to_owned()));
        }
        if matches!(line, "application" | "war") {
            file.plugins.push(line.to_owned());
        }
        if line.contains("mainClass") {
            file.plugins.push("application".to_owned());
        }
        if CONFIGURATIONS.contains(&word) && line.contains("project(") {
            let place = block.as_ref().map(|(name, _)| name.clone());
            // Only `":a:b"` and `path: ":a"` name a project; a configuration may follow.
            if let Some(name) = texts.iter().find_map(|text| text.strip_prefix(':')) {
                file.projects.push((name.replace(':', "/"), number, place));
            }
        } else if CONFIGURATIONS.contains(&word) {
            for text in texts {
                let mut parts = text.split(':');
                if let (Some(group), Some(artifact)) = (parts.next(), parts.next()) {
                    let place = block.as_ref().map(|(name, _)| name.clone());
                    file.dependencies.push((group.to_owned(), artifact.to_owned(), number, place));
                }
            }
        }
    }
    file
}

fn link_gradle(facts: &[(String, GradleFile)], sketch: &mut Sketch<'_>) {
    let names: BTreeMap<&str, &str> = facts
        .iter()
        .filter(|(_, file)| file.is_settings)
        .filter_map(|(path, file)| Some((parent(path), file.root_name.as_deref()?)))
        .collect();
    let holders: Vec<&str> =
        facts.iter().filter(|(_, file)| !file.includes.is_empty()).map(|(path, _)| parent(path)).collect();
    let mut pieces: BTreeMap<String, usize> = BTreeMap::new();
    for (path, file) in facts.iter().filter(|(_, file)| !file.is_settings) {
        let folder = parent(path);
        // The build file above several projects is no piece itself.
        if holders.contains(&folder) && !sketch.files_below(folder).iter().any(|file| is_source(file, folder))
        {
            continue;
        }
        let name = match names.get(folder) {
            Some(name) => (*name).to_owned(),
            None if folder.is_empty() => base_name(&sketch.repository).to_owned(),
            None => base_name(folder).to_owned(),
        };
        sketch.homes.insert(folder.to_owned());
        let Some(piece) = sketch.piece(NAME, Form::Code, folder, "gradle", &name, (path.clone(), 1)) else {
            continue;
        };
        pieces.insert(folder.to_owned(), piece);
        let is_program = file.plugins.iter().any(|plugin| {
            matches!(
                plugin.as_str(),
                "org.springframework.boot"
                    | "spring-boot"
                    | "application"
                    | "war"
                    | "io.quarkus"
                    | "com.google.cloud.tools.jib"
            ) || plugin.starts_with("io.micronaut")
                || plugin.starts_with("io.ktor")
        });
        let has_main = java::has_main_class(folder, sketch);
        let own = &mut sketch.pieces[piece];
        own.home = Some(folder.to_owned());
        own.runs = if is_program || has_main { Runs::Yes } else { Runs::Library };
        if file.plugins.iter().any(|plugin| plugin.starts_with("com.android")) {
            own.typ = Some("frontend".to_owned());
        }
    }
    for (path, file) in facts {
        let folder = parent(path);
        let below = |path: &str| if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
        let of_block = |block: &Option<String>| -> Vec<usize> {
            match block.as_deref() {
                Some(EVERY) => {
                    let start = below("");
                    let found = pieces.iter().filter(|(other, _)| other.starts_with(&start));
                    found.map(|(_, piece)| *piece).collect()
                }
                Some(name) => pieces.get(&below(&name.replace(':', "/"))).copied().into_iter().collect(),
                None if file.has_blocks && !pieces.contains_key(folder) => Vec::new(),
                None => pieces.get(folder).copied().into_iter().collect(),
            }
        };
        for (group, artifact, line, block) in &file.dependencies {
            let at = (path.clone(), *line);
            for piece in of_block(block) {
                if java::apply(sketch, NAME, piece, group, artifact, &at) && block.as_deref() != Some(EVERY) {
                    sketch.pieces[piece].runs = Runs::Yes;
                }
            }
        }
        for (name, line, block) in &file.projects {
            // Paths of projects begin at the build's root, which is one of the folders above.
            let mut root = folder;
            let needed = loop {
                let at = if root.is_empty() { name.clone() } else { format!("{root}/{name}") };
                if let Some(found) = pieces.get(&at) {
                    break Some(*found);
                }
                if root.is_empty() {
                    break None;
                }
                root = parent(root);
            };
            let Some(needed) = needed else { continue };
            for piece in of_block(block).into_iter().filter(|piece| *piece != needed) {
                let (origin, at) = (Origin::Piece(piece), (path.clone(), *line));
                sketch.mention(NAME, origin, Target::Piece(needed), Some("depends_on"), at, None);
            }
        }
    }
}

fn is_source(file: &str, folder: &str) -> bool {
    let below = file.strip_prefix(folder).unwrap_or(file).trim_start_matches('/');
    below.starts_with("src/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_forms_are_read() {
        let file = read_gradle(
            "plugins {\n  id 'org.springframework.boot' version '3.1'\n}\ndependencies {\n  implementation(\"a.b:c-d:1\")\n  testImplementation 'x:y'\n}\nproject(':svc') {\n dependencies {\n  compile 'g:h'\n }\n}\n",
            false,
        );
        assert!(file.plugins.contains(&"org.springframework.boot".to_owned()));
        assert_eq!(file.dependencies[0], ("a.b".to_owned(), "c-d".to_owned(), 5, None));
        assert_eq!(file.dependencies[1], ("g".to_owned(), "h".to_owned(), 10, Some("svc".to_owned())));
        assert_eq!(file.dependencies.len(), 2);
    }
}
