from kafka import KafkaProducer
producer.send('orders', b'')
stub = shop_pb2_grpc.CartStub(channel)
host = os.environ.get('ORDERS_HOST', 'orders')
