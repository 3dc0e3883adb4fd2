// Uses the client that openapi-typescript describes. Prints one JSON object, which the test compares.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { env: Record<string, string> };

const client = createClient<paths>({
  baseUrl: process.env.API_HOST ?? "",
  headers: { Authorization: `Bearer ${process.env.API_TOKEN}` },
});
const sales = await client.GET("/api/product/sale/{product_id}", { params: { path: { product_id: "3" } } });
const all = await client.GET("/api/product/sale");
const rating = await client.GET("/api/product/rating/{product_id}", { params: { path: { product_id: "3" } } });
const series = await client.GET("/api/product/sale/series", {
  params: { query: { window: "24h", step: "1h", tz: "Europe/Berlin" } },
});
const unknown = await client.GET("/api/product/rating/{product_id}", { params: { path: { product_id: "5" } } });
const problem: components["schemas"]["ProblemDetails"] | undefined = unknown.error;
const total = (body: object | undefined): unknown => (body && "total" in body ? body.total : undefined);
console.log(
  JSON.stringify({
    sales: total(sales.data),
    all: total(all.data),
    rating: rating.data?.average_rating,
    points: typeof series.data === "object" ? series.data.points.length : undefined, // CSV would be text
    problem: problem?.type,
  }),
);
