// The script that counts limits in Redis: all limits of a call in one round trip, all of them or none.

/**
 * KEYS: one for each limit. ARGV: how far in the future a place may be, then for each key how far it may be ahead and how far the call
 * moves it, all in microseconds. Answers whether it was admitted, when it is its turn or worth trying again, and how far each key is
 * ahead. Times are of Redis, so that the clocks of gateways do not matter; counted from 2026, where doubles are finer than a hundredth
 * of a microsecond.
 */
export const limitScript = `
local t = redis.call('TIME')
local now = (t[1] - 1767225600) * 1000000 + t[2]
local patience = tonumber(ARGV[1])
local tats, wait = {}, 0
for i = 1, #KEYS do
  local burst, cost = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local tat = tonumber(redis.call('GET', KEYS[i]) or '') or now
  if tat < now then tat = now end
  if tat > now + burst + 11000000 then tat = now + burst end
  tats[i] = tat
  if tat + cost - burst - now > wait then wait = tat + cost - burst - now end
end
local admitted = wait <= patience + 0.1
local answer = { admitted and 1 or 0, math.ceil(wait) }
for i = 1, #KEYS do
  local tat = tats[i]
  if admitted then
    tat = tat + tonumber(ARGV[2 * i + 1])
    redis.call('SET', KEYS[i], string.format('%.17g', tat), 'PX', math.ceil((tat - now) / 1000) + 1)
  end
  answer[i + 2] = math.ceil(tat - now)
end
return answer
`;
