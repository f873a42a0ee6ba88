//! Outside products and services: the entities that hold a reference `tool:ID`.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::params;

use crate::entities::Loader;
use crate::error::Result;
use crate::live::short;
use crate::names::Sym;
use crate::read::{Read, TOOL};
use crate::resolve::End;
use crate::view::{State, ToolUsed, ToolUser};

/// Who says what a tool is for.
const READER: &str = "collector:tools";

/// Users of one tool that are named; a tool that everybody uses needs no longer list.
const USERS: usize = 200;

/// Claims behind one use that are given.
const CLAIMS: usize = 3;

impl Read<'_> {
    /// The tools that are nothing else, by their 12 digits.
    pub(crate) fn tool_ids(&self) -> Result<BTreeSet<String>> {
        let mut rows = self.connection.prepare_cached(&format!(
            "SELECT s.text FROM sym s JOIN entity e ON e.id = s.id WHERE s.text >= 'tool:' AND s.text < 'tool;' AND {TOOL}"
        ))?;
        let ids = rows.query_map([], |row| row.get::<_, String>(0))?;
        Ok(ids.map(|text| text.map(|text| short(&text))).collect::<rusqlite::Result<_>>()?)
    }

    pub(crate) fn tools(&self) -> Result<Vec<ToolUsed>> {
        let mut rows = self.connection.prepare_cached(
            "SELECT DISTINCT r.entity FROM sym s JOIN ref r ON r.id = s.id
             JOIN entity e ON e.id = r.entity AND e.hidden = 0 WHERE s.text >= 'tool:' AND s.text < 'tool;'",
        )?;
        let entities: Vec<Sym> = rows.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let mut loader = Loader::new(self.connection, &self.names);
        let mut tools = Vec::with_capacity(entities.len());
        for entity in entities {
            let rows = loader.rows(entity)?;
            let (mut by_table, mut by_people, mut links, mut title) =
                (Vec::new(), Vec::new(), Vec::new(), None);
            for fact in loader.resolve(entity, &rows).facts {
                let (State::Stands | State::Disputed, End::Text(text)) = (fact.state, &fact.to) else {
                    continue;
                };
                let of_table = fact.rows.iter().any(|row| &*rows[*row].author == READER);
                match &*fact.kind {
                    "tag" if of_table => by_table.push(text.to_string()),
                    "tag" => by_people.push(text.to_string()),
                    "link" => links.push(text.to_string()),
                    "alias" if of_table => title = title.or_else(|| Some(text.to_string())),
                    _ => {}
                }
            }
            tools.push(ToolUsed {
                row: self.row(entity)?,
                title,
                categories: if by_table.is_empty() { by_people } else { by_table },
                links,
                users: self.users(entity)?,
            });
        }
        tools.sort_by(|a, b| {
            let key = |tool: &ToolUsed| (tool.row.name.to_lowercase(), tool.row.reference.clone());
            key(a).cmp(&key(b))
        });
        Ok(tools)
    }

    /// Who needs the tool in any way, with the claims that say so.
    fn users(&self, tool: Sym) -> Result<Vec<ToolUser>> {
        let mut rows = self.connection.prepare_cached(
            "SELECT DISTINCT l.\"from\", c.id FROM link l JOIN ref t ON t.entity = l.\"to\"
             JOIN claim c ON c.\"to\" = t.id AND c.type = l.type AND c.neg = 0
             JOIN ref f ON f.id = c.of AND f.entity = l.\"from\"
             WHERE l.\"to\" = ?1 AND l.type NOT IN (SELECT id FROM sym WHERE text IN ('runs_on', 'owned_by', 'part_of'))
             ORDER BY l.\"from\", c.id",
        )?;
        let mut claims: BTreeMap<Sym, Vec<i64>> = BTreeMap::new();
        for row in rows.query_map(params![tool], |row| Ok((row.get::<_, Sym>(0)?, row.get::<_, i64>(1)?)))? {
            let (user, claim) = row?;
            claims.entry(user).or_default().push(claim);
        }
        let mut users = Vec::with_capacity(claims.len());
        for (user, claims) in claims {
            let label = self.label(user)?;
            if label.hidden || users.len() >= USERS {
                continue;
            }
            let said =
                claims.into_iter().take(CLAIMS).map(|claim| self.said(claim)).collect::<Result<_>>()?;
            users.push(ToolUser { label, said });
        }
        users.sort_by(|a: &ToolUser, b| (&a.label.name, &a.label.id).cmp(&(&b.label.name, &b.label.id)));
        Ok(users)
    }
}
