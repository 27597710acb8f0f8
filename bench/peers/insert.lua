-- POST of 600-byte documents from wrk: made beforehand, so that making them is not measured.
local bodies, at = {}, 0
local seed = 0

function setup(thread)
  thread:set("seed", seed)
  seed = seed + 1
end

function init(args)
  local text = string.rep("the selvedge is the self finished edge of a woven fabric ", 12)
  for i = 1, 5000 do
    local n = i * 7919 + seed * 104729
    local head = string.format('{"name":"Place %09d","city":"city-%03d","country":"Selvedgia","lat":%.6f,"lon":%.6f,"tags":["alpha","beta","gamma"],"visits":%d,"text":"',
      n, n % 1000, (n % 180000) / 1000 - 90, (n % 360000) / 1000 - 180, n % 10000)
    bodies[i] = head .. string.sub(text, 1, 598 - string.len(head)) .. '"}'
  end
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  at = at % #bodies + 1
  return wrk.format(nil, nil, nil, bodies[at])
end

function done(summary, latency, requests)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format("figures %d %.1f %.3f %.3f %d\n", summary.requests, summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, failed))
end
