/**
 * Text that a registry or an image wrote, fit for a terminal: nothing in it moves the cursor or
 * changes a colour. Lines and tabs stay.
 */
export function printable(text: string): string {
  return text.replaceAll(/(?![\t\n])\p{Cc}/gu, '�');
}
