package shop;

@FeignClient(name = "${orders.name:orders}", url = "${b.url}")
interface Orders {
    @GetMapping("/orders")
    String all();
}

@EnableDiscoveryClient
@EnableResourceServer
class Client {
    private static final String HOST = "http://" + Names.STOCK;
    @Value("${tax.host:tax}")
    private String tax;
    private final RestTemplate rest;
    private final KafkaTemplate<String, Map<String, List<Order>>> kafka;

    void go(int id) {
        rest.getForObject(String.format("%s/items/%d", HOST, id) + tax, String.class);
        kafka.send(new ProducerRecord<>("orders.placed", order));
        discovery.getInstances("stock").get(0);
        CartGrpc.newBlockingStub(channel);
    }

    @RabbitListener(bindings = @QueueBinding(value = @Queue("q"), exchange = @Exchange(value = "x")))
    void on(Order order) {}
}
