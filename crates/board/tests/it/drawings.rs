//! The pictures: of a neighbourhood, of a barrel.

use stave_answers::{Barrel, EntityPage, Lift, Near, NearLink, Neighbourhood, Stave, StaveName};
use stave_board::{Frame, entity_page};
use stave_model::Time;

use crate::{label, row};

fn near(id: u32, name: &str, kind: &str, layer: i8) -> Near {
    Near { layer, label: label(id, name, kind) }
}

fn link(from: u32, relation: &str, to: u32, disputed: bool) -> NearLink {
    NearLink {
        from: format!("{from:012x}"),
        to: format!("{to:012x}"),
        relation: relation.to_owned(),
        disputed,
    }
}

/// The page of an entity about which nothing is known but what is around it.
fn page(near: Option<&Neighbourhood>) -> String {
    let found = EntityPage {
        position: 7,
        now: Time::from_millis(0),
        row: row(1, "middle", "component"),
        presence: None,
        properties: Vec::new(),
        ownership: None,
        relations: Vec::new(),
        interfaces: Vec::new(),
        links: Vec::new(),
        tags: Vec::new(),
        aliases: Vec::new(),
        references: vec!["said:component/1".to_owned()],
        keys: Vec::new(),
        questions: Vec::new(),
        said: Vec::new(),
        more_said: 0,
        unknown: vec!["No relation to anything else is known.".to_owned()],
    };
    entity_page(
        &Frame { address: "/e/000000000001", position: 7, questions: None, ..Frame::default() },
        &found,
        near,
    )
}

fn drawing(near: &Neighbourhood) -> String {
    let page = page(Some(near));
    let start = page.find("<svg class=\"picture\"").unwrap();
    let end = page[start..].find("</svg><figcaption").or_else(|| page[start..].find("</figure>")).unwrap();
    page[start..start + end].to_owned()
}

#[test]
fn a_small_picture() {
    let near = Neighbourhood {
        middle: "000000000001".to_owned(),
        entities: vec![
            near(2, "web", "component", -1),
            near(1, "middle", "component", 0),
            near(3, "store", "resource", 1),
            near(4, "a name that is much too long for its box", "component", 1),
        ],
        links: vec![
            link(1, "calls", 4, true),
            link(1, "depends_on", 3, false),
            link(1, "stores_in", 3, false),
            link(2, "calls", 1, false),
            link(3, "calls", 2, false),
            link(3, "calls", 4, false),
        ],
        left_out: 2,
    };
    insta::assert_snapshot!(drawing(&near).replace("><", ">\n<"));
}

#[test]
fn nothing_around_it_is_no_picture() {
    let alone = Neighbourhood {
        middle: "000000000001".to_owned(),
        entities: vec![near(1, "middle", "component", 0)],
        links: Vec::new(),
        left_out: 0,
    };
    assert!(!page(Some(&alone)).contains("<figure"));
    assert!(!page(None).contains("<figure"));
}

#[test]
fn a_full_picture_keeps_boxes_apart_and_says_what_is_left_out() {
    let mut entities = vec![near(0, "middle", "component", 0)];
    let mut links = Vec::new();
    for id in 1..60_u32 {
        let layer = [-2, -1, 1, 2][(id % 4) as usize];
        entities.push(near(id, &format!("piece {id}"), "component", layer));
        links.push(link(id / 2, "calls", id, false));
    }
    // A link to something that isn't there is not drawn, and breaks nothing.
    links.push(link(0, "calls", 99, false));
    let full = Neighbourhood { middle: "000000000000".to_owned(), entities, links, left_out: 40 };
    let drawn = drawing(&full);
    let mut boxes: Vec<(String, String)> = drawn
        .split("<svg class=\"box")
        .skip(1)
        .map(|text| {
            let value = |name: &str| {
                let from = text.find(&format!(" {name}=\"")).unwrap() + name.len() + 3;
                text[from..].split('"').next().unwrap().to_owned()
            };
            (value("x"), value("y"))
        })
        .collect();
    assert_eq!(boxes.len(), 60);
    boxes.sort();
    boxes.dedup();
    assert_eq!(boxes.len(), 60, "two boxes stand in one place");
    assert!(page(Some(&full)).contains("40 entities as near found no room here."));
    assert!(!drawn.contains("NaN") && !drawn.contains("inf"));
}

#[test]
fn the_table_says_all_that_the_barrel_shows() {
    let stave = |name: StaveName, level: Option<u8>| Stave {
        name,
        level,
        measured: format!("<{}> measured", name.word()),
        evidence: Vec::new(),
        as_of: None,
        lift: level.map(|_| Lift { to: 10, takes: "a step".to_owned() }),
        part: None,
    };
    let barrel = Barrel {
        position: 1,
        now: Time::from_millis(0),
        piece: label(1, "<cart>", "component"),
        parts: 0,
        height: Some(0),
        staves: StaveName::ALL
            .iter()
            .zip([Some(3), None, Some(0), Some(5), Some(7), Some(9), Some(10)])
            .map(|(name, level)| stave(*name, level))
            .collect(),
        unknown: Vec::new(),
    };
    let frame = Frame { address: "/e/000000000001/barrel", position: 1, questions: None, ..Frame::default() };
    let page = stave_board::barrel_page(&frame, &barrel);
    let (drawing, table) = page.split_once("</svg></div>").unwrap();
    assert!(drawing.contains("class=\"barrel\"") && drawing.contains("aria-hidden=\"true\""));
    assert_eq!(drawing.matches("<rect class=\"low\"").count(), 1);
    assert_eq!(drawing.matches("<rect class=\"unknown\"").count(), 1);
    for name in StaveName::ALL {
        assert!(table.contains(&format!("<th scope=\"row\">{}</th>", name.word())), "{}", name.word());
        assert!(table.contains(&format!("&lt;{}&gt; measured", name.word())), "{}", name.word());
    }
    assert!(table.contains("<span class=\"quiet\">unknown</span>"));
    assert!(table.contains("knowledge, from 0 to 10: a step"));
}
