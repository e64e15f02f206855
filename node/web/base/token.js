// The token that opens the API: it comes behind the `#` of the link, which browsers neither send nor log, and is kept
// for this tab alone.
const KEPT = "mutua-token";

// Takes the token out of the address, so that nobody copies it from there.
export function takeToken() {
  const found = /^#token=([0-9a-zA-Z._~-]+)$/.exec(location.hash);
  if (found) {
    sessionStorage.setItem(KEPT, found[1]);
    history.replaceState(null, "", "#/");
  }
  return sessionStorage.getItem(KEPT);
}

export const token = () => sessionStorage.getItem(KEPT) ?? "";

export function dropToken() {
  sessionStorage.removeItem(KEPT);
}
