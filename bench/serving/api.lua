-- wrk's script: asks for products at random. TOKEN, PRODUCTS and ROUTE come from environment variables.
-- At the end it prints one line of JSON: answers, seconds, errors, and the latency's median and 99 % in microseconds.

local products = tonumber(os.getenv("PRODUCTS"))
local route = os.getenv("ROUTE")
local headers = { ["Authorization"] = "Bearer " .. os.getenv("TOKEN") }
local requests = {}

math.randomseed(7)

-- All requests are made before the load begins, since wrk shares the processors with the API that is measured.
function init()
  for product = 1, products do
    local path = string.gsub(route, "{product}", product)
    requests[product] = wrk.format("GET", path, headers)
  end
end

function request()
  return requests[math.random(products)]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"answers": %d, "seconds": %f, "errors": %d, "median": %d, "p99": %d}',
    summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
