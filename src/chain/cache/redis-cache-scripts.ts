// The scripts that keep answers in Redis. The clock is that of Redis alone: how old an answer is does not depend on whose clock is right.
import { toScript } from "../redis-connection.ts";

/**
 * KEYS[1]: the name. ARGV[1]: most bytes that are wanted. Answers the time in milliseconds, and where there is something the milliseconds
 * it has left and its bytes; -3 for what is larger, or no text at all.
 */
export const findScript = toScript(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local size = redis.pcall('STRLEN', KEYS[1])
if type(size) == 'table' then
  if string.find(size.err, 'WRONGTYPE', 1, true) then return { now, -3 } end
  return size
end
if size == 0 then return { now } end
if size > tonumber(ARGV[1]) then return { now, -3 } end
return { now, redis.call('PTTL', KEYS[1]), redis.call('GET', KEYS[1]) }
`);

/**
 * KEYS[1]: the name. ARGV: until when, on the clock of Redis, and the bytes; none to take out what is there. By the end and not by a length
 * of time, as a Redis that hangs reads it late. Answers whether it is kept.
 */
export const keepScript = toScript(`
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) return 1 end
local t = redis.call('TIME')
local left = tonumber(ARGV[1]) - (t[1] * 1000 + math.floor(t[2] / 1000))
if left <= 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', left)
return 1
`);
