// Builds events as JSON. `node events.mjs` prints one of each kind.

import { fileURLToPath } from "node:url";

// Ids beyond 2^53 are sent as text: a JavaScript number would change their digits. Amounts are text for the same reason.
export function sold({ productId, name, units, amount, at, eventId }) {
  return JSON.stringify({
    event: "productSold",
    event_id: eventId,
    name_of_product: name,
    product_id: String(productId),
    no_of_units: units,
    amount, // text such as "1000.50"; of a number, amount.toFixed(2)
    occurred_at: at.toISOString(), // not String(at), which is no RFC 3339
    currency: "EUR", // a field that the contract does not know: it is stored with the event
  });
}

export function rated({ productId, name, rating, category, at, eventId }) {
  return JSON.stringify({
    event: "productRated",
    event_id: eventId,
    name_of_product: name,
    product_id: String(productId),
    rating,
    category,
    occurred_at: at.toISOString(),
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = new Date("2026-05-31T10:30:00.250+02:00");
  const chair = { productId: 3, name: 'Chair "Bär" & Söhne', at };
  console.log(sold({ ...chair, units: 10, amount: (1000.5).toFixed(2), eventId: "order-4711-line-2" }));
  console.log(rated({ ...chair, rating: 4.5, category: "Möbel/Stühle", eventId: "rating-815" }));
}
