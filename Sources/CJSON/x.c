int livelog_json_x;
