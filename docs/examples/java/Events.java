import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.Map;

/** Builds events as JSON, by Jackson. The program prints one of each kind. */
public final class Events {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static String sold(
      long productId, String name, int units, BigDecimal amount, OffsetDateTime at, String eventId)
      throws JsonProcessingException {
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("event", "productSold");
    event.put("event_id", eventId);
    event.put("name_of_product", name);
    event.put("product_id", productId);
    event.put("no_of_units", units);
    event.put("amount", amount.toPlainString()); // a BigDecimal keeps its digits; a double may not
    event.put("occurred_at", at.toInstant().toString()); // not the date itself: Jackson may write an array of numbers
    event.put("currency", "EUR"); // a field that the contract does not know: it is stored with the event
    return JSON.writeValueAsString(event);
  }

  public static String rated(
      long productId, String name, BigDecimal rating, String category, OffsetDateTime at, String eventId)
      throws JsonProcessingException {
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("event", "productRated");
    event.put("event_id", eventId);
    event.put("name_of_product", name);
    event.put("product_id", productId);
    event.put("rating", rating.toPlainString());
    event.put("category", category);
    event.put("occurred_at", at.toInstant().toString());
    return JSON.writeValueAsString(event);
  }

  public static void main(String[] arguments) throws JsonProcessingException {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    String chair = "Chair \"B\u00e4r\" & S\u00f6hne";
    OffsetDateTime at = OffsetDateTime.parse("2026-05-31T10:30:00.250+02:00");
    out.println(sold(3, chair, 10, new BigDecimal("1000.50"), at, "order-4711-line-2"));
    out.println(rated(3, chair, new BigDecimal("4.5"), "M\u00f6bel/St\u00fchle", at, "rating-815"));
  }
}
