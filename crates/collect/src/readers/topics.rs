//! Topics, queues, exchanges and subjects that code or settings name: one piece of type `topic` for each name in a
//! repository. What is sent to one broker under one name is one topic for all of a repository's readers; in different
//! repositories only a name that says where it lies (an ARN, a queue's URL, a full resource name) is one topic.

use stave_model::{Key, Kind};

use crate::link::{Form, Origin, Place, Sketch, Target, clean_name};
use crate::products;

/// Says that somebody sends to (`publishes_to`) or reads from (`subscribes_to`) a topic. `broker` is the name of the
/// product (`kafka`, `rabbitmq`, `nats`), where that is known: the relation to the broker itself is said as well.
/// A name that is only a placeholder gives no topic.
pub(super) fn uses_topic(
    sketch: &mut Sketch<'_>,
    reader: &'static str,
    origin: &Origin,
    broker: Option<&'static str>,
    topic: &str,
    relation: &'static str,
    at: &Place,
) {
    if let Some(product) = broker.and_then(products::by_product_name) {
        sketch.mention(reader, origin.clone(), Target::Product(product), Some(relation), at.clone(), None);
    }
    let Some((name, key)) = topic_name(topic) else { return };
    let Some(piece) = sketch.piece(reader, Form::Implied, "", "topic", &name, at.clone()) else { return };
    let own = &mut sketch.pieces[piece];
    own.kind = Some(Kind::Resource);
    own.typ = Some("topic".to_owned());
    own.names = [name.to_lowercase()].into();
    own.name = name;
    own.keys.extend(key);
    sketch.mention(reader, origin.clone(), Target::Piece(piece), Some(relation), at.clone(), None);
}

/// The name of a topic, and the key by which other repositories know it where the text says the place in full.
fn topic_name(text: &str) -> Option<(String, Option<Key>)> {
    let text = text.trim();
    let key = qualified(text);
    let short = match &key {
        Some(_) => text.rsplit(['/', ':']).next().unwrap_or(text),
        None => text,
    };
    let is_name = !short.is_empty()
        && short.len() <= 249
        && short.chars().all(|c| c.is_alphanumeric() || "._-/:#*>+@".contains(c))
        && short.chars().any(char::is_alphabetic)
        && !short.contains("//");
    if !is_name {
        return None;
    }
    Some((clean_name(short)?, key))
}

/// `host:HOST/PATH` of a topic that is named in full.
fn qualified(text: &str) -> Option<Key> {
    let url = match text.strip_prefix("arn:aws:") {
        Some(arn) => {
            let parts: Vec<&str> = arn.split(':').collect();
            let [service @ ("sns" | "sqs" | "kinesis"), region, account, name] = parts.as_slice() else {
                return None;
            };
            let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
            if !is_account || region.is_empty() {
                return None;
            }
            format!("{service}.{region}.amazonaws.com/{account}/{name}")
        }
        None if text.starts_with("projects/") => {
            let parts: Vec<&str> = text.split('/').collect();
            let ["projects", project, "topics" | "subscriptions", name] = parts.as_slice() else {
                return None;
            };
            format!("pubsub.googleapis.com/projects/{project}/topics/{name}")
        }
        None => {
            let rest = text.strip_prefix("https://")?;
            let (host, path) = rest.split_once('/')?;
            if !(host.starts_with("sqs.") && host.ends_with(".amazonaws.com")) || path.split('/').count() != 2
            {
                return None;
            }
            format!("{host}/{path}")
        }
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    url.chars().all(is_plain).then(|| format!("host:{}", url.to_ascii_lowercase()).parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_have_their_short_name_and_a_key_where_the_place_is_said() {
        for (text, name, key) in [
            ("orders", Some("orders"), None),
            ("shop.orders.v1", Some("shop.orders.v1"), None),
            ("orders:created", Some("orders:created"), None),
            ("${topic}", None, None),
            ("an order was made", None, None),
            ("", None, None),
            (
                "arn:aws:sns:eu-west-1:123456789012:orders",
                Some("orders"),
                Some("host:sns.eu-west-1.amazonaws.com/123456789012/orders"),
            ),
            (
                "https://sqs.eu-west-1.amazonaws.com/123456789012/orders",
                Some("orders"),
                Some("host:sqs.eu-west-1.amazonaws.com/123456789012/orders"),
            ),
            (
                "projects/shop-prod/topics/orders",
                Some("orders"),
                Some("host:pubsub.googleapis.com/projects/shop-prod/topics/orders"),
            ),
        ] {
            let got = topic_name(text);
            assert_eq!(got.as_ref().map(|(name, _)| name.as_str()), name, "{text}");
            assert_eq!(got.and_then(|(_, key)| key).as_ref().map(Key::as_str), key, "{text}");
        }
    }
}
