/**
 * Models by the names they have on the Hugging Face Hub: the cache that is shared with its Python
 * client, and downloads into it. All that is asked of the hub is asked by {@code HubClient}.
 */
@NullMarked
package io.amalgam.internal.formats.hub;

import org.jspecify.annotations.NullMarked;
