-- Prepared queries for one document each, by POST; the field is the first argument behind --, _key or name.
local field, documents
local n = 0

function init(args)
	field, documents = args[1], tonumber(args[2])
	math.randomseed(os.time() + tonumber(tostring({}):sub(8), 16) % 100000)
	wrk.method = "POST"
	wrk.headers["Content-Type"] = "application/json"
end

function request()
	n = math.random(0, documents - 1)
	local key = field == "_key" and "k" .. n or string.format("Place %09d", n)
	return wrk.format(nil, nil, nil, '{"query":"FOR d IN places FILTER d.' .. field .. ' == @k RETURN d","bindVars":{"k":"' .. key .. '"}}')
end

function done(summary, latency)
	local e = summary.errors
	print(string.format("figures %d %.1f %.3f %.3f %d", summary.requests, summary.requests / summary.duration * 1e6,
		latency:percentile(50) / 1000, latency:percentile(99) / 1000, e.connect + e.read + e.write + e.status + e.timeout))
end
