// Payments charges cards at the payment provider and says when money has arrived.
package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type till struct {
	provider string
	key      string
	topic    string
	events   *kgo.Client
	client   http.Client
}

func (t *till) charge(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		Order string `json:"order"`
		Cents string `json:"cents"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&wanted); err != nil {
		http.Error(w, "no charge in the body", http.StatusBadRequest)
		return
	}
	form := url.Values{"amount": {wanted.Cents}, "currency": {"eur"}, "description": {wanted.Order}}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, t.provider+"/v1/charges", strings.NewReader(form.Encode()))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	request.SetBasicAuth(t.key, "")
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := t.client.Do(request)
	if err != nil {
		http.Error(w, "the provider doesn't answer", http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		http.Error(w, "the provider refused", http.StatusPaymentRequired)
		return
	}
	record := &kgo.Record{Topic: t.topic, Key: []byte(wanted.Order), Value: []byte(wanted.Cents)}
	if err := t.events.ProduceSync(r.Context(), record).FirstErr(); err != nil {
		log.Printf("order %s is paid and nobody knows: %v", wanted.Order, err)
	}
	w.WriteHeader(http.StatusCreated)
}

func main() {
	events, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(os.Getenv("KAFKA_BROKERS"), ",")...))
	if err != nil {
		log.Fatal(err)
	}
	if err := events.Ping(context.Background()); err != nil {
		log.Print(err)
	}
	t := &till{
		provider: os.Getenv("PROVIDER_URL"),
		key:      os.Getenv("PROVIDER_KEY"),
		topic:    os.Getenv("PAYMENTS_TOPIC"),
		events:   events,
		client:   http.Client{Timeout: 10 * time.Second},
	}
	http.HandleFunc("/charges", t.charge)
	http.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {})
	log.Fatal(http.ListenAndServe(":8083", nil))
}
