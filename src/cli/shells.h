/* SPDX-License-Identifier: GPL-2.0-only */
/* The shells that completion is made for. */
#ifndef SHELLS_H
#define SHELLS_H

/* X(symbol, name) */
#define COMPLETION_SHELLS(X) X(BASH, "bash") X(ZSH, "zsh")

#endif
