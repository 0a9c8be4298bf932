// What work costs this process, whatever else the machine does meanwhile.

/** In milliseconds, since a time of the same clock. */
export function processorTime(since = 0): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000 - since;
}
