/** The last second of a day as a date field gives it, by the wall clock here; null: no day was chosen. */
export function endOfDay(day: string): string | null {
  return day === "" ? null : new Date(`${day}T23:59:59`).toISOString();
}
