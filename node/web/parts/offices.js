// The offices whose keys lie in this node's home.

/** The key of this home that holds the role, if there is one. */
export const officeKey = (own, role) => own?.find((each) => each.roles.includes(role))?.key;

/** The roles for which there is something to do on the page's *Operator*. */
export const OFFICES = ["registrar", "attestor", "board"];

export const heldOffices = (own) => OFFICES.filter((role) => officeKey(own, role));
