import { Kafka } from "kafkajs";
import { createTransport } from "nodemailer";

const kafka = new Kafka({ clientId: "notifier", brokers: process.env.KAFKA_BROKERS.split(",") });
const mail = createTransport({ host: process.env.SMTP_HOST, port: Number(process.env.SMTP_PORT ?? 25) });
const from = process.env.MAIL_FROM ?? "shop@leafcup.test";

const subjects = {
  "orders.placed": "We have your order",
  "parcels.sent": "Your tea is on its way",
};

const consumer = kafka.consumer({ groupId: "notifier" });
await consumer.connect();
await consumer.subscribe({ topics: Object.keys(subjects) });
await consumer.run({
  eachMessage: async ({ topic, message }) => {
    const to = message.value.toString();
    await mail.sendMail({ from, to, subject: subjects[topic], text: `Order ${message.key}` });
  },
});
