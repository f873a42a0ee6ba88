package test.leafcup.orders;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

/** Money first, then the shelf, then the word to everybody else. */
@RestController
class OrderController {
    private final JdbcTemplate database;
    private final KafkaTemplate<String, String> kafka;
    private final RestClient http;
    private final String payments;
    private final String warehouse;
    private final String topic;

    OrderController(
            JdbcTemplate database,
            KafkaTemplate<String, String> kafka,
            RestClient http,
            @Value("${shop.payments-url}") String payments,
            @Value("${shop.warehouse-url}") String warehouse,
            @Value("${shop.orders-topic}") String topic) {
        this.database = database;
        this.kafka = kafka;
        this.http = http;
        this.payments = payments;
        this.warehouse = warehouse;
        this.topic = topic;
    }

    record Order(String visitor, List<Map<String, Object>> lines) {}

    @PostMapping("/orders")
    @ResponseStatus(HttpStatus.CREATED)
    Map<String, String> place(@RequestBody Order order) {
        String id = UUID.randomUUID().toString();
        post(payments + "/charges", Map.of("order", id, "lines", order.lines()));
        post(warehouse + "/reservations", Map.of("order", id, "lines", order.lines()));
        database.update("INSERT INTO orders (id, visitor) VALUES (?, ?)", id, order.visitor());
        kafka.send(topic, id, order.visitor());
        return Map.of("id", id);
    }

    private void post(String url, Object body) {
        http.post().uri(url).body(body).retrieve().toBodilessEntity();
    }
}
