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
  local failed, kinds = 0, ""
  for _, kind in ipairs({"connect", "read", "write", "status", "timeout"}) do
    local count = summary.errors[kind]
    failed = failed + count
    if count > 0 then kinds = kinds .. string.format(" %s %d", kind, count) end
  end
  print(string.format('{"requests": %d, "errors": %d, "kinds": "%s", "seconds": %f}', summary.requests, failed, kinds, summary.duration / 1e6))
end
