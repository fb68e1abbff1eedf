/* For stty: there is one line discipline, the terminal's own. */
#define NR_LDISCS 1
