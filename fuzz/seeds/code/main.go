package main
import (
	pb "acme.test/shop/proto"
	"github.com/segmentio/kafka-go"
)
const name = "srv-a"
func main() {
	c := pb.NewCartClient(conn)
	r.Register(name, 1)
	kafka.NewReader(kafka.ReaderConfig{Topic: "orders"})
	http.Get("http://orders:80/")
}
