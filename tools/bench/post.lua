-- For wrk: posts a file with headers, and prints what came of it as JSON. Arguments: FILE "name: value"...
function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  -- Without a function `request` wrk sends what it has made once.
  wrk.method, wrk.body = "POST", file:read("*a")
  for at = 2, #arguments do
    local name, value = arguments[at]:match("^(%S+): (.*)$")
    wrk.headers[name] = value
  end
end

function done(summary)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(string.format('{"requests": %d, "errors": %d, "seconds": %f}', summary.requests, failed, summary.duration / 1e6))
end
