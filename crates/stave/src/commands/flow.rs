//! `stave flow`: how changes flow to users.

use stave_answers::flow::{Definition, FlowQuery};

use super::{period, print};
use crate::cli::{Flow, FlowDefinition};
use crate::context::Context;
use crate::opened::Opened;
use crate::problem::{Exit, Problem};

pub(super) fn run(context: &mut Context<'_>, arguments: &Flow) -> anyhow::Result<Exit> {
    let mut opened = Opened::existing(context)?;
    let since = period::settle(&mut opened, &arguments.period)?;
    let entity = match arguments.entity.as_slice() {
        [] => None,
        words => Some(opened.entity(context, &words.join(" "))?.row.id),
    };
    let query = FlowQuery {
        entity,
        // 0: as long as is usual.
        period_ms: since.map_or(0, |since| opened.now.millis() - since.millis()),
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
