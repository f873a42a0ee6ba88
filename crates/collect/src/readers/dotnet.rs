//! .NET project files.

use crate::link::{Form, Runs, Sketch, base_name, parent};
use crate::parse::parse_xml;
use crate::{limits, values::clean_text};

use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "dotnet";

/// One project.
pub(crate) struct Project {
    runs: Runs,
    is_frontend: bool,
    is_host: bool,
    description: Option<String>,
    /// Paths of other projects.
    references: Vec<(String, u32)>,
}

/// The reader of project files.
pub(crate) struct Dotnet;

impl Reader for Dotnet {
    type Facts = Project;
    const NAME: &'static str = NAME;
    const TRIGGERS: &'static [&'static str] = &["<Project"];

    fn wants(_path: &str, name: &str) -> bool {
        name.ends_with(".csproj") || name.ends_with(".fsproj") || name.ends_with(".vbproj")
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Project> {
        let root = parse_xml(file.text)?;
        let sdk = root.attribute("Sdk").unwrap_or("");
        let all = root.descendants();
        let text =
            |name: &str| all.iter().find(|element| element.name == name).map(|element| element.text.trim());
        let packages: Vec<&str> = all
            .iter()
            .filter(|element| element.name == "PackageReference")
            .filter_map(|element| element.attribute("Include"))
            .collect();
        // Test projects describe no running system, wherever they lie.
        if packages.contains(&"Microsoft.NET.Test.Sdk")
            || text("IsTestProject").is_some_and(|text| text.eq_ignore_ascii_case("true"))
        {
            return Ok(None);
        }
        let is_true = |name: &str| text(name).is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let is_host = is_true("IsAspireHost")
            || sdk.contains("Aspire.AppHost")
            || packages.contains(&"Aspire.Hosting.AppHost");
        let is_frontend = is_true("UseMaui") || sdk.contains("BlazorWebAssembly");
        let output = text("OutputType").unwrap_or("");
        let is_program = sdk.contains("Sdk.Web")
            || sdk.contains("Sdk.Worker")
            || output.eq_ignore_ascii_case("exe")
            || output.eq_ignore_ascii_case("winexe")
            || is_frontend;
        let references = all
            .iter()
            .filter(|element| element.name == "ProjectReference")
            .filter_map(|element| Some((element.attribute("Include")?.replace('\\', "/"), element.line)))
            .collect();
        let runs = if is_program && !is_host { Runs::Yes } else { Runs::Library };
        // A variable is told elsewhere.
        let description = text("Description")
            .filter(|text| !text.contains("$("))
            .and_then(|text| clean_text(text, limits::DESCRIPTION_BYTES));
        Ok(Some(Project { runs, is_frontend, is_host, description, references }))
    }

    fn link(facts: Vec<(String, Project)>, sketch: &mut Sketch<'_>) {
        for (path, project) in facts {
            let folder = parent(&path).to_owned();
            let name = base_name(&path).rsplit_once('.').map_or("", |(name, _)| name).to_owned();
            sketch.homes.insert(folder.clone());
            let Some(piece) = sketch.piece(NAME, Form::Code, &folder, "dotnet", &name, (path.clone(), 1))
            else {
                continue;
            };
            let own = &mut sketch.pieces[piece];
            own.runs = project.runs;
            own.description = project.description;
            own.home = Some(folder.clone());
            own.package = Some(format!("nuget/{}", sketch.repository.clone() + "/" + &name));
            if project.is_frontend {
                own.typ = Some("frontend".to_owned());
            }
            // The host of local runs starts the others; it isn't part of what runs.
            if !project.is_host {
                own.needs = project
                    .references
                    .into_iter()
                    .filter_map(|(reference, line)| {
                        let target = base_name(&reference).rsplit_once('.')?.0.to_owned();
                        Some((format!("nuget/{}/{target}", sketch.repository), (path.clone(), line)))
                    })
                    .collect();
            }
        }
    }
}
