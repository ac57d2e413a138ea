/** Commands for adapters and task vectors. */
@NullMarked
package io.amalgam.cli.lora;

import org.jspecify.annotations.NullMarked;
