//! Jenkinsfiles: stages, and the commands of their steps. Groovy is read as words and blocks.

use std::collections::BTreeMap;

use crate::link::base_name;
use crate::parse::{Block, Ends, parse_blocks};

use super::super::ReadResult;
use super::shell::{acts, fill, path};
use super::{Act, Pipeline};

pub(super) fn read(file: &str, text: &str) -> ReadResult<Pipeline> {
    if !["pipeline", "node", "stage", "sh "].iter().any(|word| text.contains(word)) {
        return Ok(None);
    }
    let blocks = parse_blocks(text, Ends::Line)?;
    let mut pipeline = Pipeline::new("jenkins", base_name(file), "Jenkinsfile", 1);
    let folder = crate::link::parent(file);
    if !folder.is_empty() {
        pipeline.name = base_name(folder).to_owned();
    }
    let mut values = BTreeMap::new();
    let mut around = Vec::new();
    for block in &blocks {
        block.walk(&mut around, &mut |around, line| {
            if around.last() == Some(&"environment")
                && let [name, sign, value, ..] = line.words.as_slice()
                && sign == "="
            {
                values.insert(name.clone(), value.clone());
            }
        });
    }
    // A file of one service's folder is mostly run there, or at the root of the repository: what it names decides.
    for block in &blocks {
        steps(block, "", &values, &mut pipeline);
    }
    if !folder.is_empty() {
        pipeline.acts.push((Act::Folder(folder.to_owned()), 1));
    }
    Ok(Some(pipeline))
}

fn steps(block: &Block, at: &str, values: &BTreeMap<String, String>, pipeline: &mut Pipeline) {
    let lookup = |name: &str| values.get(name.trim_start_matches("env.")).cloned();
    let head = block.head();
    let first = block.rest().iter().find(|word| !word.is_empty());
    let mut inner = at.to_owned();
    match (head, first) {
        ("stage", Some(name)) if !block.children.is_empty() => pipeline.stages.push(name.clone()),
        ("dir", Some(folder)) => {
            if let Some(folder) = path(at, &fill(folder, &lookup)) {
                pipeline.acts.push((Act::About(folder.clone()), block.line));
                inner = folder;
            }
        }
        ("sh" | "bat" | "powershell" | "pwsh", Some(_)) => {
            let script =
                block.rest().iter().filter(|word| !matches!(word.as_str(), "" | "script:" | "label:"));
            for script in script {
                // A script in three quotes begins on the line of its command.
                let line = if script.contains('\n') { block.line.saturating_sub(1) } else { block.line };
                pipeline.acts.extend(acts(script, line, at, &lookup));
            }
        }
        _ => {}
    }
    // `def image = docker.build("name", "./folder")`
    if let Some(position) = block.words.iter().position(|word| word.ends_with("docker.build")) {
        let rest: Vec<String> = block.words[position + 1..].iter().map(|word| fill(word, &lookup)).collect();
        let options: Vec<&str> = rest.get(1).map_or(Vec::new(), |text| text.split_whitespace().collect());
        let file = options.iter().position(|word| *word == "-f").and_then(|at| options.get(at + 1));
        let file = file.and_then(|file| path(at, file));
        let context = match options.last() {
            Some(context) => path(at, context),
            None => Some(at.to_owned()),
        };
        pipeline.acts.push((Act::Image { file, context, image: rest.first().cloned() }, block.line));
    }
    for child in &block.children {
        steps(child, &inner, values, pipeline);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn stages_commands_and_folders() {
        let text = "pipeline {\n  agent any\n  environment { NAME = 'cart' }\n  stages {\n    stage('Build') {\n      steps {\n        sh 'mvn -B package'\n        dir(\"svc/${NAME}\") {\n          sh \"docker build -t acme/${env.NAME} .\"\n        }\n      }\n    }\n    stage(\"Deploy\") {\n      steps {\n        sh '''\n          kubectl apply -f k8s\n        '''\n        script { docker.build(\"acme/web\", \"./web\") }\n      }\n    }\n  }\n}\n";
        let pipeline = read("Jenkinsfile", text).unwrap().unwrap();
        assert_eq!(pipeline.stages, ["Build", "Deploy"]);
        let image = |context: &str, image: &str| Act::Image {
            file: None,
            context: Some(context.to_owned()),
            image: Some(image.to_owned()),
        };
        assert_eq!(
            pipeline.acts,
            [
                (Act::Tree(String::new()), 7),
                (Act::About("svc/cart".to_owned()), 8),
                (image("svc/cart", "acme/cart"), 9),
                (Act::Deploy("k8s".to_owned()), 16),
                (image("web", "acme/web"), 18),
            ]
        );
    }
}
