//! `stave flow`: how changes flow to users.

use stave_answers::flow::{Definition, FlowQuery};
use stave_answers::when::age_ms;

use super::print;
use crate::cli::{Flow, FlowDefinition};
use crate::context::Context;
use crate::opened::Opened;
use crate::problem::{Exit, Problem};

pub(super) fn run(context: &mut Context<'_>, arguments: &Flow) -> anyhow::Result<Exit> {
    let period_ms = age_ms(&arguments.since).filter(|age| *age > 0).ok_or_else(|| {
        Problem::new(format!("--since {}: that is no age", arguments.since))
            .hint("write a number and h, d, w or y: 90d")
    })?;
    let opened = Opened::existing(context)?;
    let entity = match arguments.entity.as_slice() {
        [] => None,
        words => Some(opened.entity(context, &words.join(" "))?.row.id),
    };
    let query = FlowQuery {
        entity,
        period_ms,
        definition: match arguments.definition {
            FlowDefinition::Dora => Definition::Dora,
            FlowDefinition::Devlake => Definition::Devlake,
        },
        explain: arguments.explain,
    };
    let Some(found) = stave_answers::flow::flow(opened.estate(), &query)? else {
        return Err(Problem::new("the entity was there and is not any more".to_owned()).into());
    };
    print(context, &found, |width, style| found.to_text(width, style))?;
    // An entity of which nothing flows is a no; an estate without history yet is an answer.
    Ok(if found.asked.is_some() && found.pieces.is_empty() { Exit::No } else { Exit::Answered })
}
