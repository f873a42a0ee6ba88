//! Which pieces an incident is about, read from its text and from what people said of earlier ones; or none, if that
//! is unsure.
//!
//! The text gives *signs*: the title names a piece, an update says that it is in trouble, a word stands there that went
//! with a piece before. Each sign has a rate: in how many incidents that are known it was right, of those that had it,
//! beginning with a guess ([`Sign::guess`]) that counts like [`GUESSED`] incidents. The best sign of a piece decides, and is the
//! reason. So a correction teaches what comes next without any other model, and every tie can be counted again by hand
//! (docs/incidents.md). All of it is integers, in an order that doesn't depend on the input's.

mod estate;
mod reading;
mod tongue;

use std::collections::{BTreeMap, BTreeSet};

pub use estate::{TiedIncident, TiedPiece, tied_incidents};
use reading::{Mention, Reading};

/// Rate from which a piece is tied, in thousandths. Below, the incident is left untied: a wrong tie costs more trust
/// than a missing one.
const TIED: u32 = 600;

/// Rate from which a piece is proposed to people, in thousandths.
const UNSURE: u32 = 300;

/// Rate from which words alone tie, in thousandths. There are many words, so some go with a piece by chance.
const TIED_BY_WORDS: u32 = 800;

/// How many incidents the guess counts for: after three corrections in a row a name no longer ties.
const GUESSED: u32 = 5;

/// Incidents without the piece that every word begins with: four with it and none without are enough.
const DOUBT_OF_WORDS: u32 = 1;

/// A word that stands in more than one of so many known incidents says nothing of a piece.
const COMMON: u32 = 3;

/// Most words that are remembered.
const WORDS: usize = 200_000;

/// A piece that incidents can be about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TiePiece {
    /// What it is called, the name for people first.
    pub names: Vec<String>,
}

/// The text of an incident or ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TieText {
    /// Its title.
    pub title: String,
    /// What was written later, the oldest first.
    pub updates: Vec<String>,
    /// Fields that name what it is about: its component, service or label.
    pub components: Vec<String>,
}

/// What is known of an incident, from people or from the tool that it comes from. Pieces are places in the list that
/// [`Tier::new`] got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taught {
    /// It was about these and no others.
    All(BTreeSet<usize>),
    /// It was about some and not about some; of the others nothing is known.
    These {
        /// What it was about.
        about: BTreeSet<usize>,
        /// What it was not about.
        not_about: BTreeSet<usize>,
    },
}

/// One piece that an incident is, or may be, about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tie {
    /// Place of the piece in the list that [`Tier::new`] got.
    pub piece: usize,
    /// How often the reason is right, in percent.
    pub percent: u32,
    /// Why, in words.
    pub reason: String,
}

/// What an incident is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tied {
    /// It is about these; in the order of pieces.
    pub about: Vec<Tie>,
    /// It may be about these: for people to decide; the likelier first.
    pub unsure: Vec<Tie>,
}

/// What in a text speaks for a piece, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    /// A field of the incident is its name.
    Component,
    /// The title names it.
    Title,
    /// An update says that it is in trouble, or well again.
    Trouble,
    /// The title has its name as an ordinary word: `Issues` is a piece, and there are "issues with".
    TitleWord,
    /// An update has its name as an ordinary word that is in trouble.
    TroubleWord,
    /// Several updates name it.
    Several,
    /// One update names it.
    Once,
    /// The text has a name that several pieces bear.
    Shared,
    /// Its name stands there as an ordinary word.
    Ordinary,
}

impl Sign {
    /// In how many of ten incidents the sign is right, as long as nobody has taught better.
    fn guess(self) -> u32 {
        match self {
            Sign::Component | Sign::Title | Sign::Trouble => 9,
            Sign::TitleWord => 6,
            Sign::TroubleWord | Sign::Several => 5,
            Sign::Once | Sign::Shared => 3,
            Sign::Ordinary => 1,
        }
    }

    fn reason(self, name: &str) -> String {
        match self {
            Sign::Component => format!("its tool says that it is about {name}"),
            Sign::Title => format!("the title names {name}"),
            Sign::Trouble => format!("an update says how {name} is"),
            Sign::TitleWord => format!("the title has the word {name}"),
            Sign::TroubleWord => format!("an update has the word {name} beside a trouble"),
            Sign::Several => format!("several updates name {name}"),
            Sign::Once => format!("an update names {name}"),
            Sign::Shared => format!("the text names {name}, and so are other pieces called"),
            Sign::Ordinary => format!("the text has the word {name}"),
        }
    }
}

/// Of how many incidents that had a sign it was right.
#[derive(Clone, Copy, Debug, Default)]
struct Record {
    right: u32,
    of: u32,
}

impl Record {
    fn add(&mut self, was_right: bool) {
        self.of = self.of.saturating_add(1);
        self.right = self.right.saturating_add(u32::from(was_right));
    }

    /// In thousandths, where `of` incidents more at `rate` thousandths are added.
    fn rate(self, rate: u32, of: u32) -> u32 {
        let right = u64::from(self.right) * 1_000 + u64::from(rate) * u64::from(of);
        let whole = (u64::from(self.of) + u64::from(of)).max(1);
        u32::try_from(right / whole).unwrap_or(1_000)
    }
}

/// Ties incidents to pieces. It knows the pieces' names and what it was taught.
pub struct Tier {
    /// The name of each piece that reasons use.
    shown: Vec<String>,
    reading: Reading,
    /// How right each sign was for each piece.
    own: BTreeMap<(usize, Sign), Record>,
    /// How many incidents were taught.
    known: u32,
    words: BTreeMap<String, Word>,
}

#[derive(Default)]
struct Word {
    /// Known incidents that it stands in.
    heard: u32,
    /// Of them those that no name ties.
    known: u32,
    about: BTreeMap<usize, u32>,
}

impl Tier {
    /// With these pieces, and nothing taught.
    pub fn new(pieces: &[TiePiece]) -> Tier {
        Tier {
            shown: pieces.iter().map(|piece| piece.names.first().cloned().unwrap_or_default()).collect(),
            reading: Reading::new(pieces),
            own: BTreeMap::new(),
            known: 0,
            words: BTreeMap::new(),
        }
    }

    /// The one piece that bears this name.
    pub fn named(&self, name: &str) -> Option<usize> {
        self.reading.named(name)
    }

    /// Learns from an incident of which it is known what it was about. The order in which incidents are taught makes
    /// no difference, as long as fewer than `WORDS` words occur.
    pub fn teach(&mut self, text: &TieText, taught: &Taught) {
        let signs = self.signs(text);
        for (piece, sign) in signs.iter().map(|(piece, sign)| (*piece, *sign)) {
            let Some(was_right) = taught.says(piece) else { continue };
            self.own.entry((piece, sign)).or_default().add(was_right);
        }
        let about = match taught {
            Taught::All(about) | Taught::These { about, .. } => about,
        };
        // Words are asked only where no name ties, so they learn from such incidents only: how often one stands beside a
        // name says little about where none stands.
        let is_named = |sign: &Sign| *sign != Sign::Component && sign.guess() * 100 >= TIED;
        if about.is_empty() {
            return;
        }
        self.known = self.known.saturating_add(1);
        let teaches_words = !signs.values().any(is_named);
        for word in reading::words(text).into_keys() {
            if self.words.len() >= WORDS && !self.words.contains_key(&word) {
                continue;
            }
            let row = self.words.entry(word).or_default();
            row.heard = row.heard.saturating_add(1);
            if teaches_words {
                row.known = row.known.saturating_add(1);
                for piece in about {
                    let count = row.about.entry(*piece).or_default();
                    *count = count.saturating_add(1);
                }
            }
        }
    }

    /// What an incident is about.
    pub fn tie(&self, text: &TieText) -> Tied {
        let mut tied = Tied::default();
        for (piece, sign) in self.signs(text) {
            let rate = self.rate(piece, sign);
            let tie = Tie { piece, percent: rate / 10, reason: self.reason(piece, sign) };
            if rate >= TIED {
                tied.about.push(tie);
            } else if rate >= UNSURE {
                tied.unsure.push(tie);
            }
        }
        if tied.about.is_empty() {
            self.by_words(text, &mut tied);
        }
        tied.unsure.sort_by(|a, b| b.percent.cmp(&a.percent).then(a.piece.cmp(&b.piece)));
        tied
    }

    /// Where no name ties, words may that went with a piece before.
    fn by_words(&self, text: &TieText, tied: &mut Tied) {
        let mut best: BTreeMap<usize, (u32, String)> = BTreeMap::new();
        for (stem, word) in reading::words(text) {
            let Some(row) = self.words.get(&stem) else { continue };
            if row.heard.saturating_mul(COMMON) > self.known {
                continue;
            }
            for (piece, count) in &row.about {
                let rate = Record { right: *count, of: row.known }.rate(0, DOUBT_OF_WORDS);
                if best.get(piece).is_none_or(|other| other.0 < rate) {
                    let known = row.known;
                    let reason =
                        format!("\"{word}\" stood in {known} known incidents, {count} of them about this");
                    best.insert(*piece, (rate, reason));
                }
            }
        }
        for (piece, (rate, reason)) in best {
            let tie = Tie { piece, percent: rate / 10, reason };
            if rate >= TIED_BY_WORDS {
                tied.unsure.retain(|other| other.piece != piece);
                tied.about.push(tie);
            } else if rate >= TIED && tied.unsure.iter().all(|other| other.piece != piece) {
                tied.unsure.push(tie);
            }
        }
    }

    fn rate(&self, piece: usize, sign: Sign) -> u32 {
        self.own.get(&(piece, sign)).copied().unwrap_or_default().rate(sign.guess() * 100, GUESSED)
    }

    fn reason(&self, piece: usize, sign: Sign) -> String {
        let reason = sign.reason(self.shown.get(piece).map_or("it", String::as_str));
        match self.own.get(&(piece, sign)) {
            Some(record) if record.of > 0 => {
                format!("{reason}; that was right in {} of {} known incidents", record.right, record.of)
            }
            _ => reason,
        }
    }

    /// The strongest sign of each piece that the text speaks of.
    fn signs(&self, text: &TieText) -> BTreeMap<usize, Sign> {
        let mut signs = Signs::default();
        for piece in text.components.iter().filter_map(|component| self.reading.named(component)) {
            signs.add(piece, Sign::Component);
        }
        for found in self.reading.mentions(&text.title) {
            match found.how {
                Mention::Name | Mention::NameInTrouble => signs.add(found.piece, Sign::Title),
                Mention::Word | Mention::WordInTrouble => signs.add(found.piece, Sign::TitleWord),
                Mention::Ordinary => signs.add(found.piece, Sign::Ordinary),
                Mention::Shared => signs.add(found.piece, Sign::Shared),
                Mention::Spared => {}
            }
        }
        let mut named: BTreeSet<usize> = BTreeSet::new();
        for update in &text.updates {
            let mut named_here: BTreeSet<usize> = BTreeSet::new();
            for found in self.reading.mentions(update) {
                match found.how {
                    Mention::NameInTrouble => signs.add(found.piece, Sign::Trouble),
                    Mention::WordInTrouble => signs.add(found.piece, Sign::TroubleWord),
                    Mention::Name => {
                        named_here.insert(found.piece);
                    }
                    Mention::Word | Mention::Ordinary => signs.add(found.piece, Sign::Ordinary),
                    Mention::Shared => signs.add(found.piece, Sign::Shared),
                    Mention::Spared => {}
                }
            }
            for piece in named_here {
                let sign = if named.insert(piece) { Sign::Once } else { Sign::Several };
                signs.add(piece, sign);
            }
        }
        signs.0
    }
}

/// The strongest sign of each piece.
#[derive(Default)]
struct Signs(BTreeMap<usize, Sign>);

impl Signs {
    fn add(&mut self, piece: usize, sign: Sign) {
        let strongest = self.0.entry(piece).or_insert(sign);
        *strongest = sign.min(*strongest);
    }
}

impl Taught {
    /// Whether the incident was about a piece, where that is known.
    fn says(&self, piece: usize) -> Option<bool> {
        match self {
            Taught::All(about) => Some(about.contains(&piece)),
            Taught::These { about, .. } if about.contains(&piece) => Some(true),
            Taught::These { not_about, .. } => not_about.contains(&piece).then_some(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(names: &[&str]) -> Vec<TiePiece> {
        names.iter().map(|name| TiePiece { names: vec![(*name).to_owned()] }).collect()
    }

    fn text(title: &str, updates: &[&str]) -> TieText {
        let updates = updates.iter().map(|update| (*update).to_owned()).collect();
        TieText { title: title.to_owned(), updates, components: Vec::new() }
    }

    fn about(tier: &Tier, text: &TieText) -> Vec<usize> {
        tier.tie(text).about.iter().map(|tie| tie.piece).collect()
    }

    #[test]
    fn names_tie_where_the_title_has_them_or_an_update_says_how_they_are() {
        let names = ["cart", "Order History", "price-list-service", "Issues", "db"];
        let tier = Tier::new(&pieces(&names));
        let nothing: &[usize] = &[];
        for (title, updates, want) in [
            ("Cart is down", &[][..], &[0][..]),
            ("Incident with order history and cart", &[], &[0, 1]),
            ("Logins fail", &["We see degraded performance for Order History, carts and others."], &[0, 1]),
            ("Logins fail", &["PriceList errors."], &[2]),
            ("Logins fail", &["The price list is not available."], &[2]),
            ("Logins fail", &["We looked at cart's code."], nothing),
            ("Logins fail", &["There are issues with logins."], nothing),
            ("Issues with logins", &[], nothing),
            ("Incident with Issues", &[], &[3]),
            ("Logins fail", &["Issues is experiencing errors."], &[3]),
            ("Logins fail", &["Cart is not affected.", "This does not affect Order History."], nothing),
            ("Outage of all but cart", &["Everything is down except cart."], &[0]),
            ("db slow", &[], &[4]),
            ("Slow", &["It wrote to the db twice."], nothing),
        ] {
            assert_eq!(about(&tier, &text(title, updates)), want, "{title}: {updates:?}");
        }
    }

    #[test]
    fn a_field_of_the_tool_ties_and_a_name_of_two_pieces_does_not() {
        let tier = Tier::new(&pieces(&["cart", "mail", "mail"]));
        let mut asked = text("It broke", &[]);
        asked.components = vec!["Cart".to_owned()];
        assert_eq!(about(&tier, &asked), [0]);
        let tied = tier.tie(&text("mail is down", &[]));
        assert!(tied.about.is_empty());
        assert_eq!(tied.unsure.iter().map(|tie| tie.piece).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn corrections_teach_that_a_name_means_something_else() {
        let mut tier = Tier::new(&pieces(&["search", "cart"]));
        let wrong = text("Customers search for their parcels", &[]);
        assert_eq!(about(&tier, &wrong), [0]);
        for _ in 0..3 {
            let taught = Taught::These { about: BTreeSet::new(), not_about: BTreeSet::from([0]) };
            tier.teach(&wrong, &taught);
        }
        assert_eq!(about(&tier, &wrong), [] as [usize; 0]);
        assert_eq!(tier.tie(&wrong).unsure.len(), 1, "it is still asked");
        assert_eq!(about(&tier, &text("Incident with cart", &[])), [1], "other pieces keep their trust");
    }

    #[test]
    fn corrections_teach_words() {
        let mut tier = Tier::new(&pieces(&["cart", "mail"]));
        let asked = text("Vouchers are refused", &[]);
        assert_eq!(tier.tie(&asked), Tied::default());
        for number in 0..4 {
            let about = Taught::These { about: BTreeSet::from([0]), not_about: BTreeSet::new() };
            tier.teach(&text(&format!("A voucher of kind k{number} counts twice"), &[]), &about);
        }
        assert_eq!(tier.tie(&asked).about, [], "four of four say nothing of a word");
        for number in 0..8 {
            let all = Taught::All(BTreeSet::from([1]));
            tier.teach(&text(&format!("Letters z{number} come late"), &[]), &all);
        }
        let tied = tier.tie(&asked);
        assert_eq!(tied.about.len(), 1);
        assert_eq!(tied.about[0].reason, "\"vouchers\" stood in 4 known incidents, 4 of them about this");
    }

    #[test]
    fn the_order_of_teaching_makes_no_difference() {
        let rows = [
            (text("cart down", &["mail delayed"]), Taught::All(BTreeSet::from([0]))),
            (text("mail down", &["cart was fine"]), Taught::All(BTreeSet::from([1]))),
            (text("nothing works", &["cart, mail"]), Taught::All(BTreeSet::from([0, 1]))),
        ];
        let tied = |order: [usize; 3]| {
            let mut tier = Tier::new(&pieces(&["cart", "mail"]));
            for place in order {
                tier.teach(&rows[place].0, &rows[place].1);
            }
            rows.iter().map(|row| tier.tie(&row.0)).collect::<Vec<_>>()
        };
        assert_eq!(tied([0, 1, 2]), tied([2, 1, 0]));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(title in ".{0,80}", update in "(cart|,| |is|not|\\PC|\\.|\n|down|except|for){0,60}") {
            let mut tier = Tier::new(&pieces(&["cart", "is", "a b c d e f g"]));
            let asked = text(&title, &[&update]);
            tier.teach(&asked, &Taught::All(BTreeSet::from([0])));
            let tied = tier.tie(&asked);
            proptest::prop_assert!(tied.about.iter().all(|tie| tie.piece < 3 && tie.percent <= 100));
        }
    }
}
