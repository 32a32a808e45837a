/** Rows are all of one height: a place is a multiplication, and nothing moves while texts arrive. */
export const ROW_HEIGHT = 36;
/** On a phone a row has two lines. */
export const PHONE_ROW_HEIGHT = 64;
/** Rows that are drawn beyond what can be seen. */
export const OVERSCAN = 8;
/** Rows beyond the loaded ones that the scroll bar promises: the rest is loaded on the way, not jumped to. */
export const PROMISED = 100;
