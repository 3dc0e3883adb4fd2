<?php
// Builds events as JSON. `php events.php` prints one of each kind.

function sold(int $productId, string $name, int $units, string $amount, DateTimeInterface $at, string $eventId): string
{
    return json([
        'event' => 'productSold',
        'event_id' => $eventId,
        'name_of_product' => $name,
        'product_id' => $productId,
        'no_of_units' => $units,
        'amount' => $amount, // text such as "1000.50": what Laravel's cast decimal:2 gives, and no float
        'occurred_at' => $at->format(DATE_RFC3339_EXTENDED), // not the DateTime itself: json_encode writes an object
        'currency' => 'EUR', // a field that the contract does not know: it is stored with the event
    ]);
}

function rated(int $productId, string $name, string $rating, string $category, DateTimeInterface $at, string $eventId): string
{
    return json([
        'event' => 'productRated',
        'event_id' => $eventId,
        'name_of_product' => $name,
        'product_id' => $productId,
        'rating' => $rating,
        'category' => $category,
        'occurred_at' => $at->format(DATE_RFC3339_EXTENDED),
    ]);
}

function json(array $fields): string
{
    return json_encode($fields, JSON_THROW_ON_ERROR); // throws on text that is not UTF-8, instead of sending false
}

if (realpath($_SERVER['SCRIPT_FILENAME']) === __FILE__) { // not where another program requires this file
    $at = new DateTimeImmutable('2026-05-31T10:30:00.250+02:00');
    echo sold(3, 'Chair "Bär" & Söhne', 10, number_format(1000.5, 2, '.', ''), $at, 'order-4711-line-2'), "\n";
    echo rated(3, 'Chair "Bär" & Söhne', '4.5', 'Möbel/Stühle', $at, 'rating-815'), "\n";
}
