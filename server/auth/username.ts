/** What usernames are compared by: one name per person, however it is typed. */
export function usernameKey(username: string): string {
  return username.normalize("NFKC").trim().toLowerCase();
}
