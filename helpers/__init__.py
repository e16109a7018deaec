"""What several pages of the book share: data, figures, exercises, the environment check, the verification."""
