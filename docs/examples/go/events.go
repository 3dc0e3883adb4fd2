// Builds events as JSON. `go run events.go` prints one of each kind.
package main

import (
	"encoding/json"
	"fmt"
	"time"
)

// Sold is a sale.
type Sold struct {
	Event      string    `json:"event"`
	EventID    string    `json:"event_id"`
	Name       string    `json:"name_of_product"`
	ProductID  int64     `json:"product_id"`
	Units      int32     `json:"no_of_units"`
	Amount     string    `json:"amount"`      // text such as "1000.50": a float64 may have a 17th digit
	OccurredAt time.Time `json:"occurred_at"` // encoding/json writes RFC 3339 with the offset
	Currency   string    `json:"currency"`    // a field that the contract does not know: it is stored with the event
}

// Rated is a rating from 0 to 5.
type Rated struct {
	Event      string      `json:"event"`
	EventID    string      `json:"event_id"`
	Name       string      `json:"name_of_product"`
	ProductID  int64       `json:"product_id"`
	Rating     json.Number `json:"rating"`
	Category   string      `json:"category"`
	OccurredAt time.Time   `json:"occurred_at"`
}

func main() {
	at, err := time.Parse(time.RFC3339Nano, "2026-05-31T10:30:00.250+02:00")
	if err != nil {
		panic(err)
	}
	name := `Chair "Bär" & Söhne`
	for _, event := range []any{
		Sold{"productSold", "order-4711-line-2", name, 3, 10, "1000.50", at, "EUR"},
		Rated{"productRated", "rating-815", name, 3, "4.5", "Möbel/Stühle", at},
	} {
		value, err := json.Marshal(event)
		if err != nil {
			panic(err)
		}
		fmt.Println(string(value))
	}
}
