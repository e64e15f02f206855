// What a rating comes to before it is signed: its amount, exactly as it is read, and what keeps a loan with it from being funded.

/** An amount in the currency's smallest unit, or null: digits, with a point or a comma before at most as many decimals as it has. */
export function amountOf(text, { decimals }) {
  const [, whole, part = ""] = /^(\d{1,18})(?:[.,](\d+))?$/.exec(text.trim()) ?? [];
  if (whole === undefined || part.length > decimals) return null;
  return BigInt(whole + part.padEnd(decimals, "0"));
}

/** An amount as commands read it: with a point, and nothing between thousands. */
export function plain(value, { decimals }) {
  const digits = String(value).padStart(decimals + 1, "0");
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** The bounds for loans of this grade: the stricter of what holds for every grade and for this one. */
export function boundsOf(grade, policy) {
  const own = policy.grades[grade - 1] ?? policy;
  return {
    default: Math.min(own.greatest_default, policy.greatest_default),
    amount: Math.min(own.greatest_amount, policy.greatest_amount),
  };
}

/**
 * What keeps a loan of this amount from being funded at this close: reasons as the protocol names them, and `early` where the rating runs out
 * before. `rated` has `declined`, `grade`, and where they are known yet `outlook`, `default` in basis points, `greatest` and `valid`, else null.
 */
export function against(rated, { policy, amount, close }) {
  const { declined, grade, outlook, greatest, valid } = rated;
  const bounds = boundsOf(grade, policy);
  const most = greatest !== null && greatest < BigInt(bounds.amount) ? greatest : BigInt(bounds.amount);
  return [
    declined && "declines",
    grade > policy.worst_grade && { grade: { grade, worst: policy.worst_grade } },
    outlook !== null && outlook < policy.least_outlook && { outlook: { outlook, least: policy.least_outlook } },
    rated.default !== null && rated.default > bounds.default && { default: { default: rated.default, greatest: bounds.default } },
    BigInt(amount) > most && { amount: { greatest: most } },
    valid !== null && valid <= close && { early: { close } },
  ].filter(Boolean);
}
