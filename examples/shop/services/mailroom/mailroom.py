"""Sends receipts and reminders by mail, once a payment has settled."""

import asyncio
import os
from email.message import EmailMessage
from urllib.parse import urlsplit

import aiosmtplib
from aiokafka import AIOKafkaConsumer


def receipt(order: str, cents: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "till@leafcup.test"
    message["To"] = os.environ.get("RECEIPTS_TO", "receipts@leafcup.test")
    message["Subject"] = f"Receipt for order {order}"
    message.set_content(f"Paid: {int(cents) / 100:.2f} EUR")
    return message


async def main() -> None:
    relay = urlsplit(os.environ["SMTP_URL"])
    consumer = AIOKafkaConsumer(
        os.environ.get("PAYMENTS_TOPIC", "payments.settled"),
        bootstrap_servers=os.environ["KAFKA_BROKERS"],
        group_id="mailroom",
    )
    await consumer.start()
    try:
        async for record in consumer:
            await aiosmtplib.send(
                receipt(record.key.decode(), record.value.decode()),
                hostname=relay.hostname,
                port=relay.port or 587,
                username=relay.username,
                password=relay.password,
            )
    finally:
        await consumer.stop()


if __name__ == "__main__":
    asyncio.run(main())
