import { Kafka } from 'kafkajs'
const T = 'orders'
await producer.send({ topic: T })
server.addService(shop.Cart.service, {})
fetch(`http://orders/${id}`)
