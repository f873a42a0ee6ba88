//! Messages: who sends to which topics and queues, who receives from them, and which brokers carry them.

use std::ops::Range;

use super::read::FileReader;
use super::{Carrier, Expression, Part, Said};

/// Classes that send messages, and what carries these.
pub(super) const SENDERS: &[(&str, Carrier)] = &[
    ("KafkaTemplate", Carrier::Product("kafka")),
    ("ReactiveKafkaProducerTemplate", Carrier::Product("kafka")),
    ("KafkaProducer", Carrier::Product("kafka")),
    ("KafkaOperations", Carrier::Product("kafka")),
    ("RabbitTemplate", Carrier::Product("rabbitmq")),
    ("AmqpTemplate", Carrier::Product("rabbitmq")),
    ("AsyncRabbitTemplate", Carrier::Product("rabbitmq")),
    ("RabbitMessagingTemplate", Carrier::Product("rabbitmq")),
    ("JmsTemplate", Carrier::Product("activemq")),
    ("JmsMessagingTemplate", Carrier::Product("activemq")),
    ("PulsarTemplate", Carrier::Product("pulsar")),
    ("SqsTemplate", Carrier::Product("sqs")),
    ("QueueMessagingTemplate", Carrier::Product("sqs")),
    ("StreamBridge", Carrier::Bound),
];

/// Classes that receive messages from topics which they are told in a call.
pub(super) const RECEIVERS: &[(&str, Carrier)] =
    &[("KafkaConsumer", Carrier::Product("kafka")), ("StreamsBuilder", Carrier::Product("kafka"))];

/// What puts several topics into one argument.
pub(super) const COLLECTIONS: &[&str] =
    &["listOf", "setOf", "asList", "of", "singleton", "singletonList", "mutableListOf", "arrayListOf"];

/// Annotations of methods that receive messages, with the arguments that name topics.
pub(super) const LISTENERS: &[(&str, Carrier, &[&str])] = &[
    ("KafkaListener", Carrier::Product("kafka"), &["topics", "topicPattern"]),
    ("RabbitListener", Carrier::Product("rabbitmq"), &["queues", "queuesToDeclare", "bindings"]),
    ("JmsListener", Carrier::Product("activemq"), &["destination"]),
    ("PulsarListener", Carrier::Product("pulsar"), &["topics"]),
    ("SqsListener", Carrier::Product("sqs"), &["value", "queueNames"]),
];

impl<'a> FileReader<'a> {
    /// The variable of a class that stands at a position: `KafkaTemplate<String, Order> kafka`,
    /// `kafka: KafkaTemplate<String, Order>`, `kafka = new KafkaProducer<>(…)`.
    pub(super) fn variable(&self, at: usize) -> Option<&'a str> {
        let code = self.code;
        if let Some(variable) = code.word(self.behind_generics(at + 1)) {
            return Some(variable);
        }
        let front = if at >= 1 && code.is_word(at - 1, "new") { at - 1 } else { at };
        let is_given = front >= 2 && [':', '='].iter().any(|sign| code.is_sign(front - 1, *sign));
        is_given.then(|| code.word(front - 2)).flatten()
    }

    /// `subscribe(List.of("orders", TOPIC))`: what a call receives from.
    pub(super) fn receives(&mut self, at: usize, carrier: Carrier) {
        let code = self.code;
        let mut topics = Vec::new();
        if let Some(first) = code.arguments(at + 1).into_iter().next() {
            let is_collection = |at: &usize| {
                code.word(*at).is_some_and(|word| COLLECTIONS.contains(&word)) && code.is_sign(at + 1, '(')
            };
            match first.clone().find(is_collection) {
                Some(at) => topics.extend(code.arguments(at + 1)),
                None => topics.push(first),
            }
        }
        if topics.is_empty() {
            self.say(at, Said::Receives { carrier, topic: None });
        }
        for topic in topics {
            let topic = Some(self.expression_in(&topic));
            self.say(at, Said::Receives { carrier, topic });
        }
    }

    /// `put(BOOTSTRAP_SERVERS_CONFIG, "kafka:9092")`, `properties["bootstrap.servers"] = brokers`, and pairs of a map.
    pub(super) fn brokers(&mut self, after: usize) {
        let code = self.code;
        let start = if code.is_sign(after, ',') || code.is_word(after, "to") {
            after + 1
        } else if code.is_sign(after, ']') && code.is_sign(after + 1, '=') {
            after + 2
        } else {
            return;
        };
        // The properties hold hosts without a scheme.
        let mut url = vec![Part::Text("kafka://".to_owned())];
        url.extend(self.expression(start));
        self.say(after, Said::Address { url, reads: false });
    }

    pub(super) fn arguments_behind_generics(&self, at: usize) -> Vec<Range<usize>> {
        let open = self.behind_generics(at);
        if self.code.is_sign(open, '(') { self.code.arguments(open) } else { Vec::new() }
    }

    /// A binding of Spring Cloud Stream: settings name its destination.
    pub(super) fn bound(&mut self, at: usize, channel: &str, sends: bool) {
        let topic = Some(vec![Part::Text(format!(
            "${{spring.cloud.stream.bindings.{channel}.destination:{channel}}}"
        ))]);
        let carrier = Carrier::Bound;
        self.say(at, if sends { Said::Sends { carrier, topic } } else { Said::Receives { carrier, topic } });
    }

    pub(super) fn listener(
        &mut self,
        at: usize,
        carrier: Carrier,
        names: &[&str],
        arguments: &[Range<usize>],
    ) {
        let code = self.code;
        let mut topics: Vec<Expression> = Vec::new();
        for argument in arguments {
            let key = self.key(argument);
            let is_value = key.is_empty() || names.contains(&key);
            if !is_value {
                continue;
            }
            let start = if key.is_empty() { argument.start } else { argument.start + 2 };
            let has_annotation = (start..argument.end).any(|position| code.is_sign(position, '@'));
            if has_annotation {
                // `@QueueBinding(value = @Queue("q"), exchange = @Exchange("x"))`.
                for position in start..argument.end {
                    if code.is_sign(position, '@')
                        && matches!(code.word(position + 1), Some("Queue" | "Exchange"))
                    {
                        let inner = code.arguments(position + 2);
                        topics.extend(self.argument(&inner, &["value", "name", ""]));
                    }
                }
            } else if code.is_sign(start, '{') || code.is_sign(start, '[') {
                for item in code.arguments(start) {
                    topics.push(self.expression_in(&item));
                }
            } else {
                topics.push(self.expression_in(&(start..argument.end)));
            }
        }
        if topics.is_empty() {
            self.say(at, Said::Receives { carrier, topic: None });
        }
        for topic in topics {
            self.say(at, Said::Receives { carrier, topic: Some(topic) });
        }
    }
}
